"""Hand-overs: who is on call in each schedule, told as they take place."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from processors.dispatch.lifecycle import refresh
from processors.dispatch.records import on_call
from processors.dispatch.state import Hand
from processors.dispatch.work import Work
from schemas.alerts import OnCallShift
from schemas.plant.alerts.duty import Duty

MOST_AT_ONCE = 1000
"""Hand-overs that are told at once after a long silence."""


def renew_hands(work: Work, at: datetime, schedules: Iterable[str] | None = None) -> None:
    """Tell who is on call now, after somebody took over or the plant file changed."""
    for name in sorted(work.plan.plant.schedules if schedules is None else schedules):
        roster = work.plan.roster(name, work.taken().get(name, ()))
        if roster is None:
            continue
        duty = roster.duty(at)
        known = work.desk.hands.get(name)
        if known is not None and known.starts_at < duty.start:
            before = [one for one in roster.between(known.starts_at, at) if one.end is not None]
            for one in before[:MOST_AT_ONCE]:
                _tell(work, name, one)
        _tell(work, name, duty)
        work.put_hand(Hand(name, duty.start, duty.end))
    _catch_up(work, at)


def hand_due(work: Work, name: str, at: datetime) -> None:
    """Somebody else is on call."""
    roster = work.plan.roster(name, work.taken().get(name, ()))
    if roster is None:
        work.drop_hand(name)
        return
    duty = Duty(at, roster.next_change(at), roster.at(at))
    _tell(work, name, duty)
    work.put_hand(Hand(name, duty.start, duty.end))
    _catch_up(work, at)


def _catch_up(work: Work, at: datetime) -> None:
    """Alerts of which nobody could be told, because nobody was on call, are told now."""
    idle = sorted(one.id for one in work.desk.groups.values() if one.is_idle and one.anchors)
    for group in idle:
        for alert, its in list(work.alerts_of(group)):
            if its.anchor is not None and not its.told_to:
                untold = replace(its, anchor=None, told=None)
                groups = tuple(untold if one.group == group else one for one in alert.groups)
                refresh(work, replace(alert, groups=groups), at, urgent=True)


def _tell(work: Work, schedule: str, duty: Duty) -> None:
    shift = OnCallShift(
        plant_version=work.plan.version,
        site=work.plan.site,
        schedule=schedule,
        starts_at=duty.start,
        ends_at=duty.end,
        people=duty.people,
    )
    on_call(work, shift)
