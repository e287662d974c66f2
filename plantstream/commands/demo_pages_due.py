"""Which messages a demo owes to whom and when, by what truly happened to its reactor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plantstream.simulator.ledger import Ledger, ShownEntry
from plantstream.simulator.stand_ins.mailbox import EMAIL
from processors.calendar import PlanCalendar
from processors.dispatch.forecast import Forecast, routes_of
from processors.dispatch.mutes import rank
from processors.dispatch.plan import DispatchPlan, Recipient, plan_of
from processors.rules.plan import Watched, equipment_rules
from schemas.alerts import Why
from schemas.plant.alerts.channels import address_of
from schemas.plant.alerts.conditions import TagIs
from schemas.plant.load import PlantFile


@dataclass(frozen=True, slots=True)
class Heat:
    """A rule came true, and when that was over."""

    watched: Watched
    fired_at: datetime
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A message that has to come."""

    why: Why
    at: datetime
    who: str
    """Id of a person or an endpoint."""
    channel: str
    """As stand-ins call it."""
    to: str
    """Address or number; empty where the channel is nobody's own."""


def heat_of(ledger: Ledger, plant: PlantFile) -> Heat | None:
    """The gravest rule that came true by the values that the ledger wrote down."""
    found = [
        heat
        for path, history in ledger.equipment.items()
        if history.shown
        for watched in equipment_rules(plant, path).watched.values()
        if (heat := _heat(watched, history.shown, ledger.end)) is not None
    ]
    return max(found, key=lambda one: rank(one.watched.rule.severity), default=None)


def dues(heat: Heat, plant: PlantFile, answered_at: datetime | None) -> list[Due]:
    """All that has to be told of it, until somebody answered and it was over."""
    plan = plan_of(plant, PlanCalendar)
    rule = heat.watched.rule
    labels = {**heat.watched.labels, "severity": rule.severity}
    until = min((one for one in (answered_at, heat.over_at) if one is not None), default=None)
    return [
        due
        for route in routes_of(plan, labels, heat.fired_at)
        for due in _of_route(route, plan, heat, until)
    ]


def _heat(watched: Watched, shown: Sequence[ShownEntry], end: datetime) -> Heat | None:
    """By arithmetic of its own: above the limit for so long, until a deadband below it."""
    rule = watched.rule
    limit = rule.when
    if not isinstance(limit, TagIs) or limit.above is None:
        return None
    since: datetime | None = None
    for one in shown:
        if one.tag != limit.tag:
            continue
        if one.value > limit.above:
            since = since or one.at
        elif since is not None and one.value <= limit.above - limit.deadband:
            if one.at - since >= rule.for_:
                return Heat(watched, since + rule.for_, one.at + rule.keep_firing_for)
            since = None
    if since is None or since + rule.for_ > end:
        return None
    return Heat(watched, since + rule.for_, None)


def _of_route(
    route: Forecast, plan: DispatchPlan, heat: Heat, until: datetime | None
) -> Iterator[Due]:
    told: dict[Recipient, None] = {}
    for place, call in enumerate(route.calls):
        if place and until is not None and call.at >= until:
            break
        for one in call.recipients:
            told[one] = None
            yield _due("escalated" if place else "firing", call.at, one, plan)
    receiver = plan.receiver(route.node.receiver)
    if heat.over_at is not None and route.calls and receiver and receiver.send_resolved:
        soonest = route.calls[0].at + route.node.group_interval
        for one in told:
            yield _due("resolved", max(heat.over_at, soonest), one, plan)


def _due(why: Why, at: datetime, one: Recipient, plan: DispatchPlan) -> Due:
    channel, person = plan.plant.channels[one.channel], plan.person(one.name)
    to = "" if person is None else address_of(channel, person)
    name = EMAIL if channel.type == EMAIL else one.channel
    return Due(why, at, one.name, name, to or "")
