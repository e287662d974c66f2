"""Planned time for rules that are silent outside of it."""

from typing import NamedTuple

from processors.calendar import PlanCalendar
from processors.rules.times import NEVER, instant, micros


class Stretch(NamedTuple):
    """From `start` to before `end` time has been planned since `since`; None is not planned."""

    start: int
    end: int
    since: int | None


class PlannedTime:
    """Calendars of which one is enough; the last answer is remembered."""

    def __init__(self, calendars: tuple[PlanCalendar, ...]) -> None:
        self._calendars = calendars
        self._last = Stretch(NEVER, NEVER, None)
        self.during_batch = any(one.during_batch for one in calendars)

    def at(self, at: int) -> Stretch:
        """What the calendars say of this instant."""
        if not self._last.start <= at < self._last.end:
            moment = instant(at)
            begun = (one.planned_since(moment) for one in self._calendars)
            since = [micros(one) for one in begun if one is not None]
            ends = [micros(one.next_change(moment)) for one in self._calendars]
            self._last = Stretch(at, min(ends), min(since) if since else None)
        return self._last
