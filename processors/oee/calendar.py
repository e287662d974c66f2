"""Planned time: which shift a minute belongs to, in the plant's own time zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.plant.model import WEEKDAYS, Calendar, Shift

_CACHED_MINUTES = 20_000
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """What the calendar says of one minute."""

    shift: str | None
    """Date of its beginning and name, `2026-03-01/night`; None is not planned."""
    day: date
    """The production day: the local date on which the shift began."""


class PlanCalendar:
    """A weekly calendar in a time zone. Shifts end on whole minutes, so a minute is one slot."""

    def __init__(self, calendar: Calendar, time_zone: str) -> None:
        self.during_batch = calendar.during == "batch"
        self._shifts = calendar.shifts
        self._zone = ZoneInfo(time_zone)
        self._known: dict[datetime, Slot] = {}

    def at(self, minute: datetime) -> Slot:
        """The slot of the minute that begins at this instant."""
        slot = self._known.get(minute)
        if slot is None:
            if len(self._known) >= _CACHED_MINUTES:
                self._known.clear()
            slot = self._known[minute] = self._find(minute)
        return slot

    def _find(self, minute: datetime) -> Slot:
        local = minute.astimezone(self._zone)
        today = local.date()
        for shift in self._shifts:
            day = _began(shift, today, local.hour * 60 + local.minute)
            if day is not None:
                return Slot(f"{day}/{shift.name}", day)
        return Slot(None, today)


def _began(shift: Shift, today: date, minute: int) -> date | None:
    """The day on which the shift began that covers this minute of today, if it does."""
    crosses_midnight = shift.end <= shift.start
    still_on = minute >= shift.start and (crosses_midnight or minute < shift.end)
    if still_on and WEEKDAYS[today.weekday()] in shift.days:
        return today
    yesterday = today - _ONE_DAY
    if crosses_midnight and minute < shift.end and WEEKDAYS[yesterday.weekday()] in shift.days:
        return yesterday
    return None
