"""Planned time: what the calendar says of a minute, in the plant's own time zone."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from schemas.plant.calendar import Calendar, Reason
from schemas.plant.local_time import day_bounds
from schemas.plant.timetable import REACH, PlannedShift, Stop, Timetable

Span = tuple[datetime, datetime]

_ONE_DAY = timedelta(days=1)
_LOOK_BACK = timedelta(weeks=1)
_AN_INSTANT = timedelta(microseconds=1)
_CACHED_DAYS = 1_000
_FIRST_REASONS: tuple[Reason, ...] = ("maintenance", "holiday", "no_shift", "break")
"""Of several reasons the first one is told."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What the calendar says of one minute."""

    shift: str | None
    """Date of its beginning and name, `2026-03-01/night`; None is not scheduled."""
    day: date
    """The production day: the local date on which the shift began, outside of shifts the date."""
    stop: Reason | None = None
    """In a shift: why it is a planned stop. Outside: why there is no shift where one would be."""

    @property
    def planned(self) -> bool:
        """Whether production is planned: in a shift, and no planned stop."""
        return self.shift is not None and self.stop is None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with one slot."""

    start: datetime
    end: datetime
    slot: Slot


_EARLIEST, _LATEST = date.min + 2 * REACH, date.max - 2 * REACH
"""Where dates end no shifts are known; controllers say such times when they know none."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_NOTHING = Segment(_NEVER, _NEVER, Slot(None, date.min))


class PlanCalendar:
    """A calendar in a time zone. Shifts and breaks end on whole minutes: a minute is one slot."""

    def __init__(self, calendar: Calendar, time_zone: str) -> None:
        self.during_batch = calendar.during == "batch"
        self._timetable = Timetable(calendar, time_zone)
        self._days: dict[date, list[Segment]] = {}
        self._last = _NOTHING

    def at(self, minute: datetime) -> Slot:
        """The slot of the minute that begins at this instant."""
        return self._segment(minute).slot

    def next_change(self, after: datetime) -> datetime:
        """The first instant after this one at which the slot is another one."""
        segment, following = self._segment(after), self._segment(self._segment(after).end)
        while following.slot == segment.slot and following.end > segment.end:
            segment, following = following, self._segment(following.end)
        return segment.end

    def planned_since(self, at: datetime) -> datetime | None:
        """Since when time has been planned without a break, as far as a week back; or None."""
        segment = self._segment(at)
        if not segment.slot.planned:
            return None
        while at - segment.start < _LOOK_BACK:
            before = self._segment(segment.start - _AN_INSTANT)
            if not before.slot.planned:
                break
            segment = before
        return segment.start

    def shift_of(self, name: str) -> PlannedShift | None:
        """The shift of this name, `2026-03-01/night`, with its planned stops."""
        return self._timetable.shift(name)

    def bounds(self, shift: str) -> Span:
        """The instants at which the shift of this name begins and ends.

        Raises:
            LookupError: the calendar has no such shift.
        """
        found = self.shift_of(shift)
        if found is None:
            raise LookupError(f"the calendar has no shift {shift}")
        return found.start, found.end

    def segments(self, start: datetime, end: datetime) -> Iterator[Segment]:
        """The slots of [start, end), without a hole and each as long as it lasts."""
        while start < end:
            stop = min(self.next_change(start), end)
            yield Segment(start, stop, self.at(start))
            start = stop

    def planned_between(self, start: datetime, end: datetime) -> timedelta:
        """How much of [start, end) is planned for production."""
        found = (one for one in self.segments(start, end) if one.slot.planned)
        return sum((one.end - one.start for one in found), timedelta())

    def _segment(self, at: datetime) -> Segment:
        """The segment around this instant; segments are cut at midnight UTC."""
        last = self._last
        if last.start <= at < last.end:
            return last
        day = at.astimezone(UTC).date()
        segments = self._days.get(day)
        if segments is None:
            if len(self._days) >= _CACHED_DAYS:
                self._days.clear()
            segments = self._days[day] = list(self._segments_of(day))
        place = bisect_right(segments, at, key=_start) - 1
        self._last = segments[place]
        return self._last

    def _segments_of(self, utc_day: date) -> Iterator[Segment]:
        begin = datetime.combine(utc_day, time(), UTC)
        if not _EARLIEST < utc_day < _LATEST:
            end = datetime.max.replace(tzinfo=UTC) if utc_day == date.max else begin + _ONE_DAY
            yield Segment(begin, end, Slot(None, utc_day))
            return
        dates = [utc_day + n * _ONE_DAY for n in range(-REACH.days, 2)]
        days = [self._timetable.day(one) for one in dates]
        shifts = [shift for one in days for shift in one.shifts]
        cancelled = [stop for one in days for stop in one.cancelled]
        spans = [(one, *day_bounds(one, self._timetable.zone)) for one in dates]
        cuts = {cut for _, *span in spans for cut in span}
        for shift in shifts:
            cuts |= {shift.start, shift.end}
        for stop in (*cancelled, *(one for shift in shifts for one in shift.stops)):
            cuts |= {stop.start, stop.end}
        inside = {cut for cut in cuts if begin < cut < begin + _ONE_DAY}
        for start, end in pairwise(sorted({begin, begin + _ONE_DAY, *inside})):
            found = next((one for one in shifts if one.start <= start < one.end), None)
            if found is not None:
                slot = Slot(found.name, found.day, _reason(found.stops, start))
            else:
                today = next(day for day, low, high in spans if low <= start < high)
                slot = Slot(None, today, _reason(cancelled, start))
            yield Segment(start, end, slot)


def _reason(stops: Sequence[Stop], at: datetime) -> Reason | None:
    found = {one.reason for one in stops if one.start <= at < one.end}
    return next((one for one in _FIRST_REASONS if one in found), None)


def _start(segment: Segment) -> datetime:
    return segment.start
