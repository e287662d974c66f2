"""Events of an iCalendar file as exceptions of a calendar. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

MAX_BYTES = 5_000_000
MAX_EVENTS = 1_000
MAX_SPAN = timedelta(days=3 * 366)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
_ONE_DAY = timedelta(days=1)
_APART = 2 * _ONE_DAY
"""Clocks of an event and those of the plant are less than this apart."""
_MINUTE = timedelta(minutes=1)


class ICalendarError(ValueError):
    """A file from which no exceptions can be made."""


@dataclass(frozen=True, slots=True)
class Span:
    """The local days of which events are taken; the last one too."""

    first: date
    last: date

    def touches(self, first: date, last: date) -> bool:
        """Whether one of the days from the one to the other is among them."""
        return first <= self.last and last >= self.first


def exceptions(
    content: bytes, said: Mapping[str, Any], zone: ZoneInfo, span: Span
) -> list[dict[str, Any]]:
    """Every event in the span, with what is said of all of them (kind, scope), the first one first.

    Raises:
        ICalendarError: the file is none, or gives more than a plant file can take.
    """
    if span.last - span.first > MAX_SPAN:
        raise ICalendarError(f"the span is longer than {MAX_SPAN.days} days")
    events = _events(content, span)
    found = [one for event in events for one in _exception(event, said, zone, span)]
    if len(found) > MAX_EVENTS:
        told = f"{len(found)} events from {span.first} to {span.last}"
        raise ICalendarError(f"{told}, {MAX_EVENTS} at most: take a shorter span")
    return sorted(found, key=lambda one: str(one["from"]))


def _events(content: bytes, span: Span) -> list[Any]:
    """The events with their repetitions, and those near the span by clocks of their own."""
    if len(content) > MAX_BYTES:
        raise ICalendarError(f"the file has more than {MAX_BYTES:,} bytes")
    try:
        calendar = icalendar.Calendar.from_ical(content)
        for event in calendar.walk("VEVENT"):
            _check_repetition(event)
        near = (span.first - _APART, span.last + _ONE_DAY + _APART)
        return list(recurring_ical_events.of(calendar).between(*near))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        # The libraries have no error of their own for all that can be wrong in a file.
        raise ICalendarError(f"no readable iCalendar file: {error}") from error


def _check_repetition(event: Any) -> None:
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if _TOO_OFTEN & set(rule.get("FREQ", [])):
            raise ValueError(f"{event.get('SUMMARY', 'an event')} repeats every minute or second")


def _exception(
    event: Any, said: Mapping[str, Any], zone: ZoneInfo, span: Span
) -> Iterator[dict[str, Any]]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    note = " ".join(str(event.get("SUMMARY", "")).split())
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else None
    if isinstance(start, datetime):
        begins, ends = _local(start, zone), _local(end or start, zone)
        times = _minutes(begins, ends)
        first, last = begins.date(), (ends - datetime.resolution).date()
    else:
        first, last = start, max(start, (end or start + _ONE_DAY) - _ONE_DAY)
        times = {"from": first, "to": last}
    if times and span.touches(first, last):
        yield {**said, **times, **({"note": note} if note else {})}


def _minutes(start: datetime, end: datetime) -> dict[str, Any]:
    """Every minute that the event touches; nothing for an event without length."""
    if end <= start:
        return {}
    whole = end if end.second == 0 else end.replace(second=0) + _MINUTE
    return {"from": f"{start:%Y-%m-%d %H:%M}", "to": f"{whole:%Y-%m-%d %H:%M}"}


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """The time on the plant's clocks; a time without a zone is that already."""
    local = at if at.tzinfo is None else at.astimezone(zone)
    return local.replace(tzinfo=None, microsecond=0)
