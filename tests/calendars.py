"""Calendars for tests: in words of the plant file, and any at all."""

from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.plant.calendar import Calendar
from schemas.plant.times import WEEKDAYS

CHANGES = {
    "America/Tijuana": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/Ljubljana": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Mexico_City": (date(2022, 4, 3), date(2022, 10, 30)),
}
"""When clocks are put forward and back; in Asia/Kolkata they never are."""
DAYS = [
    case
    for zone, (forward, back) in CHANGES.items()
    for case in ((zone, forward, 23), (zone, back, 25), (zone, back + timedelta(days=9), 24))
]
DAYS += [
    ("America/Mexico_City", date(2026, 4, 5), 24),
    ("America/Mexico_City", date(2026, 10, 25), 24),
    ("Asia/Kolkata", date(2026, 3, 29), 24),
]
"""Zone, local day, and how many hours the day has."""
THREE_SHIFTS = [
    {"name": "morning", "start": "06:00", "end": "14:00"},
    {"name": "afternoon", "start": "14:00", "end": "22:00"},
    {"name": "night", "start": "22:00", "end": "06:00"},
]


def calendar(shifts: Any = None, **said: Any) -> Calendar:
    """The calendar that says this; three shifts unless told."""
    return Calendar.model_validate({"shifts": shifts or THREE_SHIFTS, **said})


def time_of_day(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def weeks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Shifts of one week that do not overlap: the day is cut into pieces, some are shifts."""
    cuts = sorted(draw(st.sets(st.integers(0, 1439), min_size=1, max_size=5)))
    pieces = list(zip(cuts, [*cuts[1:], cuts[0]], strict=True))
    shifts = []
    for number, (start, end) in enumerate(pieces):
        days = draw(st.sets(st.sampled_from(WEEKDAYS)))
        length = (end - start - 1) % 1440 + 1
        breaks = []
        if length > 2 and draw(st.booleans()):
            first = draw(st.integers(0, length - 1))
            last = draw(st.integers(first + 1, length))
            if last - first < 1440:
                times = [time_of_day((start + one) % 1440) for one in (first, last)]
                breaks.append({"start": times[0], "end": times[1]})
        shifts.append(
            {
                "name": f"s{number}",
                "days": sorted(days),
                "start": time_of_day(start),
                "end": time_of_day(end),
                "breaks": breaks,
            }
        )
    return shifts


@st.composite
def exceptions(draw: st.DrawFn, around: date) -> dict[str, Any]:
    """A day off, a closed time or maintenance near this day."""
    kind = draw(st.sampled_from(["no_shift", "maintenance"]))
    day = around + timedelta(days=draw(st.integers(-3, 3)))
    if draw(st.booleans()):
        return {"kind": kind, "from": day, "to": day + timedelta(days=draw(st.integers(0, 2)))}
    start = datetime.combine(day, time()) + timedelta(minutes=draw(st.integers(0, 1439)))
    end = start + timedelta(minutes=draw(st.integers(1, 2000)))
    return {"kind": kind, "from": f"{start:%Y-%m-%d %H:%M}", "to": f"{end:%Y-%m-%d %H:%M}"}


@st.composite
def calendars(draw: st.DrawFn, around: date) -> Calendar:
    """Any calendar whose shifts do not overlap, with exceptions near this day."""
    return calendar(
        draw(weeks()),
        holidays={"dates": draw(st.lists(st.sampled_from([around, around + timedelta(1)])))},
        exceptions=draw(st.lists(exceptions(around), max_size=4)),
    )
