"""Messages to people: their names and content, and what is held back in a flood."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from processors.dispatch.mutes import rank
from processors.dispatch.plan import Recipient
from processors.dispatch.records import notified
from processors.dispatch.state import Alert, Flow, Held
from processors.dispatch.work import Work
from schemas.alerts import AlertTransition, Notification, Severity, Why

LISTED = 50
"""Alerts in one message; `total` counts them all."""
LISTED_CHARACTERS = 150_000
"""Of labels and words in one message, which has to fit into a record of Kafka however it is
written; ordinary alerts have some hundred each."""
EXAMPLES = 10
"""Alerts in a summary."""
GATHERED = timedelta(seconds=30)
"""So long the first summary of a flood waits for what follows."""
HELPS_FOR = timedelta(hours=24)
"""A message that could not be delivered for so long is given up: since it was known what it says,
where that was later, but for a repetition, which the next one follows."""
MOST_HELD = 200
"""Groups that a flood is counted by; what others have to say is added up."""
_WAVES: tuple[Why, ...] = ("firing", "changed", "reminder", "resolved")


@dataclass(frozen=True, slots=True)
class Telling:
    """Something is to be said about a group."""

    group: str
    labels: Mapping[str, str]
    why: Why
    at: datetime
    severity: Severity
    position: int = 0
    """In the chain: a step of a round."""
    step: int = 0
    escalates_at: datetime | None = None
    escalates_to: tuple[str, ...] = ()
    helps_for: timedelta = HELPS_FOR
    comment: str = ""


def highest(alerts: Iterable[Alert]) -> Severity:
    """The highest severity of these."""
    return max((one.alert.severity for one in alerts), key=rank, default="info")


def send(
    work: Work, telling: Telling, listed: Mapping[Recipient, tuple[Sequence[Alert], int]]
) -> None:
    """Tell each recipient of their alerts, of which so many are news to them.

    Whoever is told too much too fast gets a summary instead.
    """
    ways: dict[str, list[Recipient]] = {}
    for recipient in listed:
        ways.setdefault(recipient.name, []).append(recipient)
    for name, recipients in ways.items():
        if _ends(work, telling, recipients) or _may_pass(work, name, telling.at):
            others = tuple(sorted(ways.keys() - {name}))[:LISTED]
            for recipient in recipients:
                alerts, _ = listed[recipient]
                notified(work, _notification(work, telling, recipient, (alerts, others)))
        else:
            alerts, news = listed[recipients[0]]
            held = Held(telling.group, news, telling.severity)
            _hold(work, telling, recipients, held, [one.id for one in alerts])


def tell(
    work: Work, telling: Telling, to: Recipient, alerts: Sequence[Alert], total: int | None = None
) -> None:
    """Tell one recipient what is neither counted as too much nor held back."""
    message = _notification(work, telling, to, (alerts, ()))
    notified(work, message if total is None else message.model_copy(update={"total": total}))


def recent(work: Work, flow: Flow, at: datetime) -> tuple[datetime, ...]:
    """When somebody was told lately, as far as a flood is counted by it."""
    since = at - work.plan.alerts.flood.within
    return tuple(one for one in flow.times if one > since)


def _notification(
    work: Work,
    telling: Telling,
    to: Recipient,
    about: tuple[Sequence[Alert], tuple[str, ...]],
) -> Notification:
    alerts, others = about
    known_at = work.desk.head.now or telling.at
    helps_from = telling.at if telling.why == "repeat" else max(telling.at, known_at)
    when = telling.at.strftime("%Y%m%dT%H%M%S.%f")
    cause = (telling.group, telling.why, when, str(telling.position), telling.severity)
    return Notification(
        plant_version=work.plan.version,
        site=work.plan.site,
        id="|".join((*cause, to.name, to.channel)),
        group=telling.group,
        group_labels=dict(telling.labels),
        why=telling.why,
        at=telling.at,
        expires_at=helps_from + telling.helps_for,
        recipient=to.name,
        channel=to.channel,
        fallback=to.fallback,
        severity=telling.severity,
        alerts=tuple(_listed(alerts)),
        total=len(alerts),
        step=telling.step,
        escalates_at=telling.escalates_at,
        escalates_to=telling.escalates_to,
        told=others,
        comment=telling.comment,
    )


def _listed(alerts: Sequence[Alert]) -> Iterator[AlertTransition]:
    """The first of them, as many as a message holds."""
    left = LISTED_CHARACTERS
    for one in alerts[:LISTED]:
        texts = (*one.alert.labels, *one.alert.labels.values())
        words = one.alert.words.values()
        left -= sum(map(len, texts)) + sum(len(said.summary + said.description) for said in words)
        if left < 0:
            return
        yield one.alert


def _ends(work: Work, telling: Telling, ways: Iterable[Recipient]) -> bool:
    """Whether it ends what stands open until then at whoever is told, or pages nobody there."""
    if telling.why == "resolved":
        return all(work.plan.keeps_open(one.channel) for one in ways)
    return telling.why == "maintenance" and all(work.plan.is_pager(one.channel) for one in ways)


def _may_pass(work: Work, recipient: str, at: datetime) -> bool:
    """Whether somebody may be told at once; it is counted."""
    flow = work.desk.flows.get(recipient) or Flow(recipient)
    times = recent(work, flow, at)
    if flow.held or len(times) >= work.plan.alerts.flood.more_than:
        return False
    work.put_flow(replace(flow, times=(*times, at)))
    return True


def _hold(
    work: Work, telling: Telling, ways: Sequence[Recipient], held: Held, alerts: list[str]
) -> None:
    flow = work.desk.flows.get(ways[0].name) or Flow(ways[0].name)
    at, due = telling.at, flow.due
    if due is None:
        due = at + GATHERED
        if flow.summed_at is not None:
            due = max(due, flow.summed_at + work.plan.alerts.flood.within)
    channels = dict(flow.channels) | {one.channel: one.fallback for one in ways}
    work.put_flow(
        replace(
            flow,
            held=_added(flow.held, held, is_wave=telling.why in _WAVES),
            channels=tuple(channels.items()),
            examples=tuple(dict.fromkeys((*flow.examples, *alerts[:EXAMPLES])))[:EXAMPLES],
            due=due,
        )
    )


def _added(known: tuple[Held, ...], held: Held, *, is_wave: bool) -> tuple[Held, ...]:
    """News add to what a group had to say; a repetition says nothing new."""
    places = {one.group: place for place, one in enumerate(known)}
    if held.group not in places and len(known) >= MOST_HELD:
        held, is_wave = replace(held, group=""), True
    place = places.get(held.group)
    if place is None:
        return (*known, held)
    one = known[place]
    alerts = one.alerts + held.alerts if is_wave else max(one.alerts, held.alerts)
    severity = max(one.severity, held.severity, key=rank)
    return (*known[:place], Held(one.group, alerts, severity), *known[place + 1 :])
