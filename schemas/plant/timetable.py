"""When the shifts of a calendar truly take place: instants, day by day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.plant.calendar import (
    Calendar,
    Exceptional,
    ExtraShift,
    Maintenance,
    NoShift,
    Reason,
    Shift,
    Week,
)
from schemas.plant.holidays import holiday
from schemas.plant.local_time import at_minute, instant
from schemas.plant.times import WEEKDAYS

REACH = timedelta(days=2)
"""A shift is over, in any zone, when so many dates have passed since the one it began on."""
_CACHED_DAYS = 1_000


@dataclass(frozen=True, slots=True)
class Stop:
    """A span without production where there would have been some."""

    start: datetime
    end: datetime
    reason: Reason
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """One shift of one day."""

    name: str
    """Local date of its beginning and name, `2026-03-01/night`."""
    day: date
    start: datetime
    end: datetime
    stops: tuple[Stop, ...] = ()
    """Planned stops in it, in order; they may overlap."""

    def planned(self) -> timedelta:
        """Its length without the planned stops in it."""
        left, at = self.end - self.start, self.start
        for stop in self.stops:
            left -= max(stop.end, at) - max(stop.start, at)
            at = max(stop.end, at)
        return left


@dataclass(frozen=True, slots=True)
class Day:
    """The shifts that begin on a local day, and those that would have begun."""

    shifts: tuple[PlannedShift, ...]
    cancelled: tuple[Stop, ...]


class Timetable:
    """A calendar in a time zone. All that it answers is in UTC, on whole minutes."""

    def __init__(self, calendar: Calendar, time_zone: str) -> None:
        self.zone = ZoneInfo(time_zone)
        self._weeks = list(calendar.weeks())
        listed = calendar.exceptions
        self._days_off = [
            one for one in listed if isinstance(one, NoShift) and one.is_of_whole_days
        ]
        self._extra = [one for one in listed if isinstance(one, ExtraShift)]
        self._maintenance = [
            self._stop(one, "maintenance") for one in listed if isinstance(one, Maintenance)
        ]
        closed = [
            self._stop(one, "no_shift")
            for one in listed
            if isinstance(one, NoShift) and not one.is_of_whole_days
        ]
        self._closed = sorted(closed, key=lambda one: one.start)
        self.day = lru_cache(maxsize=_CACHED_DAYS)(self._day)
        """What begins on a local date."""

    def shift(self, name: str) -> PlannedShift | None:
        """The shift of this name, `2026-03-01/night`, if it takes place."""
        try:
            day = date.fromisoformat(name.partition("/")[0])
        except ValueError:
            return None
        return next((one for one in self.day(day).shifts if one.name == name), None)

    def _day(self, day: date) -> Day:
        off = self._day_off(day)
        shifts = [self._with_stops(self._placed(one, day), one) for one in self._extra_on(day)]
        cancelled: list[Stop] = []
        for shift in self._week(day).shifts:
            if WEEKDAYS[day.weekday()] not in shift.days:
                continue
            placed = self._placed(shift, day)
            if off is not None:
                cancelled.append(Stop(placed.start, placed.end, *off))
                continue
            shortened, lost = _shortened(placed, self._closed)
            shifts.append(self._with_stops(shortened, shift, self._closed))
            cancelled += lost
        in_order = sorted(shifts, key=lambda one: one.start)
        return Day(tuple(one for one in in_order if one.start < one.end), tuple(cancelled))

    def _extra_on(self, day: date) -> Iterator[ExtraShift]:
        return (one for one in self._extra if one.local[0].date() == day)

    def _week(self, day: date) -> Week:
        in_force = [one for one in self._weeks if one.valid_from is None or one.valid_from <= day]
        return in_force[-1]

    def _day_off(self, day: date) -> tuple[Reason, str] | None:
        """Why no shift begins on this day."""
        for one in self._days_off:
            begin, end = one.local
            if begin.date() <= day < end.date():
                return "no_shift", one.note
        name = holiday(self._week(day).holidays, day)
        return None if name is None else ("holiday", name)

    def _placed(self, shift: Shift | ExtraShift, day: date) -> PlannedShift:
        start, end = shift.span
        name = f"{day}/{shift.name}"
        return PlannedShift(name, day, self._at(day, start), self._at(day, end))

    def _at(self, day: date, minute: int) -> datetime:
        return at_minute(day, minute, self.zone)

    def _with_stops(
        self, placed: PlannedShift, shift: Shift | ExtraShift, closed: Iterable[Stop] = ()
    ) -> PlannedShift:
        breaks = [
            Stop(self._at(placed.day, start), self._at(placed.day, end), "break")
            for start, end in shift.breaks_on(placed.day)
        ]
        stops = _clipped((*breaks, *self._maintenance, *closed), placed)
        return replace(placed, stops=tuple(sorted(stops, key=lambda one: one.start)))

    def _stop(self, one: Exceptional, reason: Reason) -> Stop:
        begin, end = one.local
        return Stop(instant(begin, self.zone), instant(end, self.zone), reason, one.note)


def _shortened(shift: PlannedShift, closed: Iterable[Stop]) -> tuple[PlannedShift, list[Stop]]:
    """The shift without the closed times at its ends, and what was cut off."""
    start, end = shift.start, shift.end
    lost: list[Stop] = []
    in_order = list(closed)
    for stop in in_order:
        if stop.start <= start < stop.end:
            lost.append(replace(stop, start=start, end=min(stop.end, end)))
            start = lost[-1].end
    for stop in reversed(in_order):
        if start < end and stop.start < end <= stop.end:
            lost.append(replace(stop, start=max(stop.start, start), end=end))
            end = lost[-1].start
    return replace(shift, start=start, end=end), lost


def _clipped(stops: Iterable[Stop], shift: PlannedShift) -> Iterator[Stop]:
    for stop in stops:
        start, end = max(stop.start, shift.start), min(stop.end, shift.end)
        if start < end:
            yield replace(stop, start=start, end=end)
