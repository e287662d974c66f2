"""When a calendar plans production: spans of time, found without the pipeline's own calendar."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.plant.model import WEEKDAYS, Calendar, Shift

Span = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_MINUTES_OF_DAY = 24 * 60


def planned_spans(calendar: Calendar, time_zone: str, start: datetime, end: datetime) -> list[Span]:
    """The planned parts of [start, end), in order and without touching each other."""
    zone = ZoneInfo(time_zone)
    found = sorted(_shifts(calendar, zone, start, end))
    merged: list[Span] = []
    for begin, stop in found:
        begin, stop = max(begin, start), min(stop, end)  # noqa: PLW2901
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
        elif begin < stop:
            merged.append((begin, stop))
    return merged


def edges(spans: Sequence[Span]) -> list[datetime]:
    """Every moment at which planned time begins or ends."""
    return [moment for span in spans for moment in span]


def _shifts(calendar: Calendar, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Span]:
    day = start.astimezone(zone).date() - _DAY
    last = end.astimezone(zone).date()
    while day <= last:
        for shift in calendar.shifts:
            if WEEKDAYS[day.weekday()] in shift.days:
                yield _span(shift, day, zone)
        day += _DAY


def _span(shift: Shift, day: date, zone: ZoneInfo) -> Span:
    stop_day = day if shift.end > shift.start else day + _DAY
    return _instant(day, shift.start, zone), _instant(stop_day, shift.end, zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == _MINUTES_OF_DAY:
        day, minute = day + _DAY, 0
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)
