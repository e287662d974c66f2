"""Mute timings as they begin and end, and maintenance that the calendar plans, announced."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from processors.dispatch.lifecycle import refresh_all
from processors.dispatch.messages import Telling, send
from processors.dispatch.plan import Recipient, chained
from processors.dispatch.state import Alert, Muting
from processors.dispatch.work import Work

_MINUTE = timedelta(minutes=1)


def renew_mutings(work: Work, at: datetime) -> None:
    """See how all mute timings stand, after the plant file changed."""
    for known in list(work.desk.mutes.values()):
        if known.name not in work.plan.timings:
            work.drop_muting(known.name)
    for name in sorted(work.plan.timings):
        work.put_muting(_now(work, name, at))


def muting_due(work: Work, name: str, at: datetime) -> None:
    """A mute timing begins or ends; alerts that outlive it are told then."""
    before = work.desk.mutes.get(name)
    if before is None or name not in work.plan.timings:
        work.drop_muting(name)
        return
    after = _now(work, name, at)
    work.put_muting(after)
    if before.is_maintenance != after.is_maintenance and not _is_of_all(work, name, at):
        _announce(work, after, at)
    if before.is_on != after.is_on:
        timing = name.partition("/")[0]
        groups = sorted(one.id for one in work.desk.groups.values() if timing in one.mute)
        for group in groups:
            refresh_all(work, work.desk.members.of(group), at)


def _now(work: Work, name: str, at: datetime) -> Muting:
    timing = work.plan.timings[name]
    due = timing.next_change(at)
    return Muting(name, timing.is_on(at), timing.is_maintenance(at), due)


def _is_of_all(work: Work, name: str, at: datetime) -> bool:
    """Whether maintenance of one equipment begins or ends with that of all."""
    timing, _, equipment = name.partition("/")
    of_all = work.plan.timings[timing]
    return bool(equipment) and of_all.is_maintenance(at) != of_all.is_maintenance(at - _MINUTE)


def _announce(work: Work, muting: Muting, at: datetime) -> None:
    """Tell those whose alerts are quiet during maintenance that it begins or ends."""
    timing, _, equipment = muting.name.partition("/")
    recipients: list[Recipient] = []
    for receiver in dict.fromkeys(one.receiver for one in work.plan.mute_nodes(timing)):
        chain = chained(work.plan, receiver)
        if chain is not None:
            when = (at, work.taken())
            recipients += work.plan.step_recipients(receiver, "info", chain.step(0), when)
    if not recipients:
        return
    place = f" of {equipment}" if equipment else ""
    telling = Telling(
        group=f"maintenance:{muting.name}",
        labels={"equipment": equipment} if equipment else {},
        why="maintenance",
        at=at,
        severity="info",
        comment=f"{timing}: maintenance{place} {'begins' if muting.is_maintenance else 'ends'}",
    )
    nothing: tuple[Sequence[Alert], int] = ((), 0)
    send(work, telling, dict.fromkeys(recipients, nothing))
