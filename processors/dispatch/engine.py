"""The dispatcher of a site: alerts and acts of people in, messages and what was done out.

All that is due by the time of an event is done before it, each at its own time; so a tick only
finds out what is due, and any schedule of ticks gives the same messages. An alert that is heard of
long after it was waits for the next tick, before which all is heard that was said, and begins then:
nobody is told of what is over, and nobody could answer before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from processors.dispatch.acts import act, act_early, alert_due, early_due, silence_due
from processors.dispatch.floods import summarise
from processors.dispatch.groups import due as group_due
from processors.dispatch.hands import hand_due, renew_hands
from processors.dispatch.index import Index
from processors.dispatch.lifecycle import hear, is_news, leave, refresh_all, routed
from processors.dispatch.mutes import Calendars
from processors.dispatch.plan import plan_of
from processors.dispatch.quiet_times import muting_due, renew_mutings
from processors.dispatch.records import statuses
from processors.dispatch.rows import ASTRAY, Desk, dump, load
from processors.dispatch.work import Work
from processors.step import Output, Transition
from schemas.acts import OperatorRecord
from schemas.alerts import AlertTransition
from schemas.plant.load import PlantFile
from schemas.topics import ALERT, DISPATCH_STATE, OPERATOR, Topic

RETURNS_AFTER = timedelta(hours=1)
"""A version of the plant file that was replaced holds again if it is named after so long."""
PRESENT = timedelta(minutes=1)
"""An alert of more than so long before the newest time that is known begins with the next tick."""
MOST_LATE = 10_000
"""Alerts that wait for it."""
Event = AlertTransition | OperatorRecord


@dataclass(frozen=True, slots=True)
class DispatchState:
    """One site in one run; replays page nobody and leave it empty."""

    run: str
    site: str
    desk: Desk

    @property
    def plant_version(self) -> str:
        """The version of the plant file by which alerts were routed."""
        return self.desk.head.plant_version


class DispatchEngine:
    """The engine of scope site that decides who is told what, and when."""

    name = "dispatch"
    inputs = (ALERT, OPERATOR)
    memory: Topic = DISPATCH_STATE

    def __init__(self, calendars: Calendars) -> None:
        """`calendars` makes planned time of the plant file's calendars."""
        self._calendars = calendars

    def key_of(self, event: Any) -> str:
        """Run and site."""
        return f"{getattr(event, 'run', '')}|{event.site}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> DispatchState:
        """The state that `dump` gave."""
        run, _, site = key.partition("|")
        return DispatchState(run, site, load(rows))

    def dump(self, state: DispatchState) -> dict[str, bytes]:
        """The state as rows: one per alert, group, silence, timing, schedule and recipient."""
        return dump(state.desk)

    def advance(
        self, state: DispatchState, events: Sequence[Any], plant: PlantFile
    ) -> Transition[DispatchState]:
        """Apply alerts and acts of this site; what the dispatcher itself wrote is skipped."""
        heard = [one for one in events if isinstance(one, AlertTransition | OperatorRecord)]
        if state.run or not heard:
            return Transition(state)
        heard.sort(key=_time_of)
        work = Work(state.desk.fork(), plan_of(plant, self._calendars))
        _take_up(work, _time_of(heard[0]))
        for event in heard:
            at = _time_of(event)
            if isinstance(event, AlertTransition):
                if _waits(work, event):
                    work.put_late(event)
                    continue
                at = _counts_from(work, event)
                _overtake(work, event, at)
            _catch_up(work, at)
            _apply(work, event, at)
            _catch_up(work, at)
        _catch_up(work, _newest_time(work, at))
        return _finished(state, work)

    def due(self, state: DispatchState) -> datetime | None:
        """When the next thing on the agenda is due; what came late is due at once."""
        desk = state.desk
        return min(one.at for one in desk.late.values()) if len(desk.late) else desk.agenda.next_due

    def tick(
        self, state: DispatchState, now: datetime, plant: PlantFile
    ) -> Transition[DispatchState]:
        """Do what is due by now."""
        is_due = len(state.desk.late) > 0 or state.desk.agenda.is_due(now)
        if state.run or not state.plant_version or not is_due:
            return Transition(state)
        work = Work(state.desk.fork(), plan_of(plant, self._calendars))
        _take_up(work, now)
        _catch_up(work, _newest_time(work, now))
        _hear_late(work, now)
        return _finished(state, work)


def _time_of(event: Event) -> datetime:
    return event.at if isinstance(event, AlertTransition) else event.source_time


def _waits(work: Work, heard: AlertTransition) -> bool:
    """Whether it is so late that what came after it is heard first, because that may be its end."""
    desk, now = work.desk, work.desk.head.now
    if now is None or heard.at >= now - PRESENT or len(desk.late) >= MOST_LATE:
        return False
    known = desk.alerts.get(heard.alert_id())
    is_end = heard.state == "resolved" and known is not None and known.is_firing
    return is_news(work, heard) and (not is_end or desk.waiting.count(heard.fingerprint) > 0)


def _counts_from(work: Work, heard: AlertTransition) -> datetime:
    """The end of an alert is the end for those who were told when it is heard of."""
    newest = _newest_time(work, heard.at)
    is_late_end = heard.state == "resolved" and heard.at < newest - PRESENT
    return newest if is_late_end else heard.at


def _overtake(work: Work, heard: AlertTransition, at: datetime) -> None:
    """What waits of these labels was before this, which nothing of them may come after."""
    for before in work.take_late(work.desk.waiting.of(heard.fingerprint)):
        _apply(work, before, _newest_time(work, at))


def _hear_late(work: Work, now: datetime) -> None:
    """What came late is so from now on.

    Where the newest time that is known is ahead, because a clock was, each counts at its own time:
    it would be waited for.
    """
    until = _newest_time(work, now)
    for heard in work.take_late(list(work.desk.late)):
        _apply(work, heard, until if until < now + PRESENT else heard.at)
    _catch_up(work, until)


def _apply(work: Work, event: Event, at: datetime) -> None:
    if isinstance(event, AlertTransition):
        alert = hear(work, event, at)
        if alert is not None:
            act_early(work, alert)
    else:
        act(work, event)


_DUE: dict[str, Callable[[Work, str, datetime], None]] = {
    "silence": silence_due,
    "mute": muting_due,
    "hand": hand_due,
    "alert": alert_due,
    "group": group_due,
    "early": early_due,
}


def _newest_time(work: Work, at: datetime) -> datetime:
    known = work.desk.head.now
    return at if known is None else max(at, known)


def _catch_up(work: Work, until: datetime) -> None:
    """Do all that is due by then, or was before.

    Under a version that was replaced nothing is done: the one in force says when it is due.
    """
    while not work.is_replaced and (found := work.desk.agenda.pop(until)) is not None:
        at, name = found
        kind, _, key = name[1:].partition("|")
        if kind == "flow":
            flow = work.desk.flows.get(key)
            if flow is not None and flow.held:
                summarise(work, flow, at)
        else:
            _DUE[kind](work, key, at)
    work.desk.head = replace(work.desk.head, now=_newest_time(work, until))


def _take_up(work: Work, at: datetime) -> None:
    """Work under the plan that came with the events, if it is not an old one that was replaced."""
    desk, version = work.desk, work.plan.version
    if desk.index.version != version:
        _rebuild(work)
    is_current = desk.head.plant_version == version
    work.is_replaced = not is_current and _is_retired(work, at)
    if work.is_replaced:
        return
    is_astray = desk.agenda.due(ASTRAY) is not None
    desk.agenda.put(ASTRAY, None)
    if is_current:
        if is_astray:
            _reroute(work, desk.head.now or at, only_astray=True)
        return
    if desk.head.plant_version:
        _catch_up(work, _newest_time(work, at))
    retired = [one for one in desk.head.retired if one[0] != version]
    if desk.head.plant_version:
        retired.append((desk.head.plant_version, at))
    desk.head = replace(desk.head, plant_version=version, retired=tuple(retired[-20:]))
    renew_mutings(work, at)
    renew_hands(work, at)
    _reroute(work, at)


def _is_retired(work: Work, at: datetime) -> bool:
    retired = dict(work.desk.head.retired).get(work.plan.version)
    return retired is not None and at < retired + RETURNS_AFTER


def _rebuild(work: Work) -> None:
    """The indexes as the plan has them."""
    desk, plan = work.desk, work.plan
    desk.index = Index(plan.version)
    for alert in desk.alerts.values():
        if alert.is_firing:
            desk.index.add(alert, plan)
    for silence in desk.silences.values():
        if silence.is_on:
            desk.index.watch(silence)


def _reroute(work: Work, at: datetime, *, only_astray: bool = False) -> None:
    """Lead alerts that fire to where they belong now; their chains may have other waits."""
    firing = [one for one in work.desk.alerts.values() if one.is_firing]
    found = sorted(one.id for one in firing if one.is_astray or not only_astray)
    left: set[str] = set()
    for name in found:
        alert = work.desk.alerts.get(name)
        if alert is not None:
            left |= {one.group for one in alert.groups}
            work.put_alert(routed(work, replace(alert, is_astray=False)))
    refresh_all(work, found, at)
    leave(work, left, at)
    members = work.desk.members
    for group in list(work.desk.groups.values()):
        if not only_astray or not set(found).isdisjoint(members.of(group.id)):
            work.put_group(group, at)


def _finished(state: DispatchState, work: Work) -> Transition[DispatchState]:
    desk = work.desk
    for name in work.touched:
        alert = desk.alerts.get(name)
        if alert is not None and work.is_replaced and alert.is_firing:
            alert = replace(alert, is_astray=True)
            desk.alerts.put(name, alert)
            desk.agenda.put(ASTRAY, desk.head.now)
        desk.write("alert", name, alert)
    statuses(work, work.touched)
    return Transition(replace(state, desk=work.desk), list(_newest(work.outputs)))


def _newest(outputs: Sequence[Output]) -> Iterator[Output]:
    """Of records of the same key in one step the last one."""
    last = {(one.topic.name, one.record_key): one for one in outputs}
    return (one for one in outputs if last[one.topic.name, one.record_key] is one)
