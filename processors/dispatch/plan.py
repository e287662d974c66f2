"""What one version of the plant file says about alerts, ready to be asked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from processors.dispatch.mutes import Calendars, timings_of
from processors.dispatch.routes import Node, RoutingTree
from schemas.alerts import Severity
from schemas.plant.alerts.channels import PERSONAL, Channel, address_of
from schemas.plant.alerts.duty import Roster, Taken
from schemas.plant.alerts.matchers import written
from schemas.plant.alerts.people import Chain, Person, Step
from schemas.plant.alerts.routing import Alerts, Inhibition, Receiver, RootRoute
from schemas.plant.by_version import ByVersion
from schemas.plant.load import PlantFile

_NOBODY = Alerts(
    route=RootRoute(receiver="nobody"), receivers={"nobody": Receiver(chain="none")}, matrix={}
)
"""Of a plant file that does not say how alerts reach people."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody, and the way on which they are told."""

    name: str
    """Id of a person; a channel that is nobody's own stands for itself."""
    channel: str
    fallback: tuple[str, ...] = ()


class DispatchPlan:
    """Routes, receivers, chains, people and timings of one version of the plant file."""

    def __init__(self, file: PlantFile, calendars: Calendars) -> None:
        plant = file.plant
        alerts = plant.alerts or _NOBODY
        self.version, self.site = file.version, plant.site_path()
        self.alerts, self.plant = alerts, plant
        self.tree = RoutingTree(alerts.route)
        self.inhibitions: Sequence[Inhibition] = alerts.inhibitions
        self.because = [", ".join(map(written, one.source)) for one in alerts.inhibitions]
        """How the sources of each inhibition are described."""
        self.timings = timings_of(plant, alerts.mute_timings, calendars)
        self._people = {one.id: one for one in plant.people}
        self._rosters: dict[str, tuple[tuple[Taken, ...], Roster]] = {}

    def receiver(self, name: str) -> Receiver | None:
        """The receiver of this name."""
        return self.alerts.receivers.get(name)

    def cooldown(self, receiver: str) -> timedelta:
        """How long the same step of this receiver's chain is not told again."""
        known = self.receiver(receiver)
        own = None if known is None else known.cooldown
        return self.alerts.cooldown if own is None else own

    def is_pager(self, channel: str) -> bool:
        """Whether a service stands behind a channel that pages people until it is told to stop."""
        known = self.plant.channels.get(channel)
        return known is not None and known.type == "pagerduty"

    def keeps_open(self, channel: str) -> bool:
        """Whether a program stands behind a channel for which an alert is open until it is told."""
        known = self.plant.channels.get(channel)
        return known is not None and known.type in ("pagerduty", "webhook")

    def endpoint(self, channel: str) -> Recipient:
        """A channel that is nobody's own."""
        return Recipient(channel, channel, self._fallback(channel, None))

    def chain(self, receiver: str) -> Chain | None:
        """The escalation of this receiver."""
        found = self.alerts.receivers.get(receiver)
        return None if found is None else self.plant.chains.get(found.chain)

    def person(self, name: str) -> Person | None:
        """The person of this id."""
        return self._people.get(name)

    def roster(self, schedule: str, taken: tuple[Taken, ...]) -> Roster | None:
        """Who is on call in a schedule, with what people took over."""
        known = self.plant.schedules.get(schedule)
        if known is None:
            return None
        found = self._rosters.get(schedule)
        if found is None or found[0] != taken:
            found = taken, Roster(known, self.plant.time_zone, taken)
            self._rosters[schedule] = found
        return found[1]

    def people_of(
        self, step: Step, moment: datetime, taken: Mapping[str, tuple[Taken, ...]]
    ) -> list[str]:
        """The people of a step at this instant: those it names, and whoever is on call."""
        found = list(step.people)
        for name in step.schedules:
            roster = self.roster(name, taken.get(name, ()))
            found += roster.at(moment)[:1] if roster is not None else ()
        return list(dict.fromkeys(found))

    def recipients(
        self, receiver: str, severity: Severity, people: Iterable[str], endpoints: Iterable[str]
    ) -> list[Recipient]:
        """People on the channels for this severity that reach them, and endpoints."""
        known = self.receiver(receiver)
        chosen = None if known is None else known.channels.get(severity)
        names = self.alerts.matrix.get(severity, []) if chosen is None else chosen
        listed = list(people)
        found = [self.endpoint(one) for one in endpoints]
        for name in names:
            channel = self.plant.channels.get(name)
            if channel is None:
                continue
            if channel.type not in PERSONAL:
                found += [self.endpoint(name)] if listed else []
                continue
            for who in listed:
                person = self.person(who)
                if person is not None and address_of(channel, person):
                    found.append(Recipient(who, name, self._fallback(name, person)))
        return list(dict.fromkeys(found))

    def step_recipients(
        self,
        receiver: str,
        severity: Severity,
        step: Step,
        when: tuple[datetime, Mapping[str, tuple[Taken, ...]]],
    ) -> list[Recipient]:
        """Who is told in a step at an instant, with what people took over by then."""
        people = self.people_of(step, *when)
        return self.recipients(receiver, severity, people, step.endpoints)

    def mute_nodes(self, timing: str) -> list[Node]:
        """The nodes of the tree that have this mute timing."""
        return [one for one in self.tree.nodes() if timing in one.mute]

    def _fallback(self, name: str, person: Person | None) -> tuple[str, ...]:
        channel = self.plant.channels.get(name)
        listed = () if channel is None else channel.fallback
        return tuple(one for one in listed if _reaches(self.plant.channels.get(one), person))


def _reaches(channel: Channel | None, person: Person | None) -> bool:
    if channel is None:
        return False
    if channel.type not in PERSONAL:
        return True
    return person is not None and address_of(channel, person) is not None


@dataclass(frozen=True, slots=True)
class Chained:
    """An escalation chain as a row of positions: each step of each round."""

    chain: Chain
    escalates: bool
    cooldown: timedelta

    @property
    def length(self) -> int:
        """How many positions there are."""
        return len(self.chain.steps) * (1 + self.chain.repeat) if self.escalates else 1

    def step(self, position: int) -> Step:
        """The step at this position."""
        return self.chain.steps[self.index(position)]

    def index(self, position: int) -> int:
        """Which step of the chain it is, from 0."""
        return position % len(self.chain.steps)

    def after(
        self,
        position: int,
        since: datetime,
        told: Sequence[datetime | None] = (),
        *,
        is_idle: bool = False,
    ) -> datetime | None:
        """When the position after this one is due, if this one was told at `since`.

        `told` is when each step was told last: none is told again within the cooldown. Where there
        was nobody to tell (`is_idle`), nobody is waited for.
        """
        if position + 1 >= self.length:
            return None
        due = since if is_idle else since + self.step(position).wait
        following = self.index(position + 1)
        last = told[following] if following < len(told) else None
        return due if last is None else max(due, last + self.cooldown)


def chained(plan: DispatchPlan, receiver: str) -> Chained | None:
    """The chain of a receiver."""
    chain, known = plan.chain(receiver), plan.receiver(receiver)
    if chain is None or known is None:
        return None
    return Chained(chain, known.escalates, plan.cooldown(receiver))


def plan_of(file: PlantFile, calendars: Calendars) -> DispatchPlan:
    """What the plant file says about alerts; where it says nothing nobody is told."""
    return _cached(ByVersion(file), calendars)


@lru_cache(maxsize=20)
def _cached(versioned: ByVersion, calendars: Calendars) -> DispatchPlan:
    return DispatchPlan(versioned.plant, calendars)
