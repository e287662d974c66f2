"""The days of a calendar as a planner reads them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from schemas.plant.calendar import Calendar, Exceptional
from schemas.plant.local_time import day_bounds
from schemas.plant.timetable import PlannedShift, Stop, Timetable

_HOURS_OF_DAY = 24
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DayView:
    """The shifts that begin on a day, and what else is to be known of it."""

    day: date
    length: timedelta
    shifts: tuple[PlannedShift, ...]
    notes: tuple[str, ...]

    @property
    def planned(self) -> timedelta:
        """Planned time of the shifts that begin on this day."""
        return sum((one.planned() for one in self.shifts), timedelta())


def days_of(
    calendar: Calendar, places: Sequence[int], time_zone: str, days: Sequence[date]
) -> list[DayView]:
    """The days under these exceptions of the calendar; of others it is told whom they concern."""
    timetable = Timetable(calendar.with_exceptions(places), time_zone)
    others = [one for place, one in enumerate(calendar.exceptions) if place not in places]
    own = [calendar.exceptions[place] for place in places]
    found = []
    for day in days:
        start, end = day_bounds(day, timetable.zone)
        today = timetable.day(day)
        unseen = [one for one in own if not _is_seen(one, today.shifts, today.cancelled)]
        notes = [
            *_clocks(end - start),
            *dict.fromkeys(_lost(one, own, timetable.zone) for one in today.cancelled),
            *(_exception(one) for one in unseen if _touches(one, day)),
            *(f"{_exception(one)}, {_scope(one)}" for one in others if _touches(one, day)),
        ]
        found.append(DayView(day, end - start, today.shifts, tuple(notes)))
    return found


def rows(days: Sequence[DayView], zone: ZoneInfo) -> Iterator[Mapping[str, str]]:
    """A row per shift, a row per note of a day, and the sums."""
    for one in days:
        name = f"{one.day:%a} {one.day}"
        for shift in one.shifts:
            notes = "; ".join(_told(stop, zone) for stop in shift.stops)
            yield _row(name, _name(shift), shift, zone, notes)
            name = ""
        for note in one.notes:
            yield _row(name, "", None, zone, note)
            name = ""
        if len(one.shifts) != 1:
            yield {**_row(name, "", None, zone, ""), "planned": _hours(one.planned)}
    total = sum((one.planned for one in days), timedelta())
    if len(days) > 1:
        yield {**_row("total", "", None, zone, ""), "planned": _hours(total)}


def document(days: Sequence[DayView], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The same for machines; times are local, with their offset."""
    return [
        {
            "day": str(one.day),
            "hours": one.length / _HOUR,
            "planned_minutes": one.planned // _MINUTE,
            "shifts": [
                {
                    "shift": shift.name,
                    "planned_minutes": shift.planned() // _MINUTE,
                    **_bounds(shift, zone),
                    "stops": [
                        {"reason": stop.reason, "note": stop.note, **_bounds(stop, zone)}
                        for stop in shift.stops
                    ],
                }
                for shift in one.shifts
            ],
            "notes": list(one.notes),
        }
        for one in days
    ]


def _row(
    day: str, shift: str, span: PlannedShift | None, zone: ZoneInfo, notes: str
) -> dict[str, str]:
    return {
        "day": day,
        "shift": shift,
        "from": _clock(span.start, zone) if span else "",
        "to": _end(span.end, zone) if span else "",
        "planned": _hours(span.planned()) if span else "",
        "notes": notes,
    }


def _name(shift: PlannedShift) -> str:
    return shift.name.partition("/")[2]


def _clocks(length: timedelta) -> Iterator[str]:
    hours = length / _HOUR
    if hours != _HOURS_OF_DAY:
        way = "forward" if hours < _HOURS_OF_DAY else "back"
        yield f"{hours:g} hours: clocks are put {way}"


def _told(stop: Stop, zone: ZoneInfo) -> str:
    note = f": {stop.note}" if stop.note else ""
    return f"{_reason(stop.reason)} {_clock(stop.start, zone)}-{_end(stop.end, zone)}{note}"


def _lost(stop: Stop, exceptions: Sequence[Exceptional], zone: ZoneInfo) -> str:
    """Of a whole day off the shifts' times say nothing more."""
    days_off = {one.note for one in exceptions if one.is_of_whole_days}
    if stop.reason == "holiday" or (stop.reason == "no_shift" and stop.note in days_off):
        return f"{_reason(stop.reason)}{f': {stop.note}' if stop.note else ''}"
    return _told(stop, zone)


def _exception(one: Exceptional) -> str:
    kind = getattr(one, "name", getattr(one, "kind", ""))
    begin, end = one.local
    note = f": {one.note}" if one.note else ""
    if one.is_of_whole_days:
        return f"{_reason(kind)}{note}"
    return f"{_reason(kind)} {begin:%a %H:%M}-{end:%a %H:%M}{note}"


def _scope(one: Exceptional) -> str:
    return f"only {', '.join((*(one.lines or ()), *(one.equipment or ())))}"


def _is_seen(one: Exceptional, shifts: Sequence[PlannedShift], cancelled: Sequence[Stop]) -> bool:
    """Whether the shifts of a day already tell of it."""
    kind = getattr(one, "kind", "")
    stops = [*cancelled, *(stop for shift in shifts for stop in shift.stops)]
    return kind == "shift" or any((stop.reason, stop.note) == (kind, one.note) for stop in stops)


def _touches(one: Exceptional, day: date) -> bool:
    begin, end = one.local
    return begin.date() <= day <= (end - _MINUTE).date()


def _reason(reason: str) -> str:
    return reason.replace("_", " ")


def _bounds(span: PlannedShift | Stop, zone: ZoneInfo) -> dict[str, str]:
    return {
        "start": span.start.astimezone(zone).isoformat(),
        "end": span.end.astimezone(zone).isoformat(),
    }


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def _end(at: datetime, zone: ZoneInfo) -> str:
    """A day ends at 24:00, and does not begin again."""
    found = _clock(at, zone)
    return "24:00" if found == "00:00" else found


def _hours(length: timedelta) -> str:
    minutes = length // _MINUTE
    return f"{minutes // 60}:{minutes % 60:02} h"
