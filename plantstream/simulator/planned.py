"""When a calendar plans production: spans of time, found without the pipeline's own calendar."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from schemas.plant.calendar import Calendar, ExtraShift, Maintenance, NoShift, Shift
from schemas.plant.holidays import holiday
from schemas.plant.local_time import at_minute, instant
from schemas.plant.times import ONE_DAY, WEEKDAYS

Span = tuple[datetime, datetime]


def shift_spans(calendar: Calendar, time_zone: str, start: datetime, end: datetime) -> list[Span]:
    """The parts of [start, end) in shifts, in order and without touching each other."""
    found = list(_shifts(calendar, ZoneInfo(time_zone), start, end))
    return _parts((start, end), [span for span, _ in found])


def single_shifts(calendar: Calendar, time_zone: str, start: datetime, end: datetime) -> list[Span]:
    """Every shift that is on in [start, end), whole and in order, also where they touch."""
    found = _shifts(calendar, ZoneInfo(time_zone), start, end)
    return sorted({span for span, _ in found if span[0] < end and span[1] > start})


def planned_spans(calendar: Calendar, time_zone: str, start: datetime, end: datetime) -> list[Span]:
    """The same without breaks, maintenance and times without a shift."""
    zone = ZoneInfo(time_zone)
    found = list(_shifts(calendar, zone, start, end))
    maintenance = [_of(one, zone) for one in calendar.exceptions if isinstance(one, Maintenance)]
    planned = [part for span, stops in found for part in _parts(span, [span], stops)]
    return _parts((start, end), planned, maintenance)


def edges(spans: Sequence[Span]) -> list[datetime]:
    """Every moment at which planned time begins or ends."""
    return [moment for span in spans for moment in span]


def _shifts(
    calendar: Calendar, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[Span, list[Span]]]:
    """Every shift that may be on in [start, end), and when it stops."""
    off = [one for one in calendar.exceptions if isinstance(one, NoShift)]
    closed = [_of(one, zone) for one in off if not one.is_of_whole_days]
    days_off = [one.local for one in off if one.is_of_whole_days]
    extra = [one for one in calendar.exceptions if isinstance(one, ExtraShift)]
    day, last = start.astimezone(zone).date() - 2 * ONE_DAY, end.astimezone(zone).date()
    while day <= last:
        for one in extra:
            if one.local[0].date() == day:
                yield _of(one, zone), _breaks(one, day, zone)
        if not any(begin.date() <= day < stop.date() for begin, stop in days_off):
            for shift in _weekly(calendar, day):
                minutes = shift.span
                whole = at_minute(day, minutes[0], zone), at_minute(day, minutes[1], zone)
                open_parts = _parts(whole, [whole], closed)
                if open_parts:
                    span = open_parts[0][0], open_parts[-1][1]
                    yield span, [*_breaks(shift, day, zone), *closed]
        day += ONE_DAY


def _weekly(calendar: Calendar, day: date) -> Iterator[Shift]:
    weeks = [one for one in calendar.weeks() if one.valid_from is None or one.valid_from <= day]
    if holiday(weeks[-1].holidays, day) is None:
        weekday = WEEKDAYS[day.weekday()]
        yield from (one for one in weeks[-1].shifts if weekday in one.days)


def _breaks(shift: Shift | ExtraShift, day: date, zone: ZoneInfo) -> list[Span]:
    return [
        (at_minute(day, start, zone), at_minute(day, end, zone))
        for start, end in shift.breaks_on(day)
    ]


def _of(one: NoShift | ExtraShift | Maintenance, zone: ZoneInfo) -> Span:
    begin, end = one.local
    return instant(begin, zone), instant(end, zone)


def _parts(within: Span, spans: Iterable[Span], without: Iterable[Span] = ()) -> list[Span]:
    """What of `within` is in one of the spans and in none of those without."""
    steps = [(moment, step, 0) for one in spans for moment, step in zip(one, (1, -1), strict=True)]
    steps += [(at, 0, step) for one in without for at, step in zip(one, (1, -1), strict=True)]
    found: list[Span] = []
    inside = outside = 0
    at = within[0]
    for moment, step_in, step_out in [*sorted(steps), (within[1], 0, 0)]:
        until = min(max(moment, at), within[1])
        if inside > 0 and outside == 0 and at < until:
            begin = found.pop()[0] if found and found[-1][1] == at else at
            found.append((begin, until))
        inside, outside, at = inside + step_in, outside + step_out, until
    return found
