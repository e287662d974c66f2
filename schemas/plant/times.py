"""Times as people write them in a plant file: of the day, of the week, local days and moments."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainValidator, StringConstraints

MINUTES_OF_DAY = 24 * 60
ONE_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1970, 2199
_TIME_OF_DAY = r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_MOMENT = r"^(\d{4}-\d{2}-\d{2})(?:[ T]((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00))?$"


def _minutes(text: Any) -> Any:
    """Minutes after midnight of `HH:MM`; 24:00 is the end of the day."""
    if not isinstance(text, str) or not re.fullmatch(_TIME_OF_DAY, text):
        raise ValueError('write a time of day as "06:00"; 24:00 is the end of the day')
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _days(days: Any) -> Any:
    return WEEKDAYS if days == "all" else days


def _moment(given: Any) -> date | datetime:
    """A local date, or a local date with its time of day."""
    found = None
    if isinstance(given, datetime):
        found = given.strftime("%Y-%m-%d %H:%M") if _is_whole_local_minute(given) else None
    elif isinstance(given, date | str):
        found = str(given)
    match = re.fullmatch(_MOMENT, found or "")
    if match is None:
        raise ValueError('write a local time as "2026-03-14 22:00", a whole day as 2026-03-14')
    day = _within_reach(date.fromisoformat(match[1]))
    if match[2] is None:
        return day
    return datetime.combine(day, time()) + timedelta(minutes=_minutes(match[2]))


def _within_reach(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the year is not from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _is_whole_local_minute(given: datetime) -> bool:
    return given.tzinfo is None and given.second == given.microsecond == 0


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("no such time zone; write it as America/Mexico_City") from None
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""Of the IANA database."""

LocalDate = Annotated[date, AfterValidator(_within_reach)]
"""A local day."""

MinuteOfDay = Annotated[
    int,
    BeforeValidator(
        _minutes,
        json_schema_input_type=Annotated[str, StringConstraints(pattern=_TIME_OF_DAY)],
    ),
]
"""Minutes after midnight, written `HH:MM`."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekdays = Annotated[
    tuple[Weekday, ...],
    BeforeValidator(_days, json_schema_input_type=list[Weekday] | Literal["all"]),
]

LocalMoment = Annotated[
    datetime | date,
    PlainValidator(
        _moment, json_schema_input_type=Annotated[str, StringConstraints(pattern=_MOMENT)]
    ),
]
"""A whole local day, or a local time to the minute."""

_PART_OF_SPAN = r"(\d+)(ms|s|m|h|d|w)"
_SPAN = r"^(?:\d+(?:ms|s|m|h|d|w))+$|^0$"
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": ONE_DAY,
    "w": 7 * ONE_DAY,
}
_LONGEST_SPAN = timedelta(days=3660)
_MOST_DIGITS = len("316224000000")
"""Of the milliseconds of the longest span."""


def _span(given: Any) -> Any:
    """The span of time that `1h30m` writes, in Prometheus' way."""
    text = "0" if given == 0 and not isinstance(given, bool) else given
    if not isinstance(text, str) or not re.fullmatch(_SPAN, text):
        raise ValueError("write a span of time as 30s, 5m, 1h30m, 7d")
    found = _sum(re.findall(_PART_OF_SPAN, text), _UNITS, _LONGEST_SPAN)
    if found is None:
        raise ValueError("the span is longer than ten years")
    return found


def _sum(
    parts: Iterable[tuple[str, str]], units: Mapping[str, timedelta], longest: timedelta
) -> timedelta | None:
    """So many of these units, or None where that is too long; it may be longer than a timedelta."""
    found = timedelta()
    for number, unit in parts:
        if len(number) > _MOST_DIGITS or int(number) > (longest - found) // units[unit]:
            return None
        found += int(number) * units[unit]
    return found


Span = Annotated[
    timedelta,
    PlainValidator(
        _span,
        json_schema_input_type=Annotated[str, StringConstraints(pattern=_SPAN)] | Literal[0],
    ),
]
"""A span of time, written as 30s, 5m, 1h30m, 7d, or 0."""


_KEPT = r"^(?:\d{1,5}[dwy])+$"
_KEPT_UNITS = {"d": ONE_DAY, "w": 7 * ONE_DAY, "y": 366 * ONE_DAY}
_LONGEST_KEPT = 100 * _KEPT_UNITS["y"]


def _kept(given: Any) -> Any:
    """The span that `5y` writes; a year is 366 days, so that no calendar's years are longer."""
    if not isinstance(given, str) or not re.fullmatch(_KEPT, given):
        raise ValueError("write so many days, weeks or years, as 90d, 26w, 5y, 1y30d")
    found = _sum(re.findall(r"(\d+)([dwy])", given), _KEPT_UNITS, _LONGEST_KEPT)
    if found is None:
        raise ValueError("that is longer than a hundred years")
    return found


Years = Annotated[
    timedelta,
    PlainValidator(_kept, json_schema_input_type=Annotated[str, StringConstraints(pattern=_KEPT)]),
]
"""A long span of time, written as 90d, 26w, 5y; a year is 366 days."""


def clock(minute: int) -> str:
    """The time of day, this many minutes after a midnight."""
    if minute == MINUTES_OF_DAY:
        return "24:00"
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
