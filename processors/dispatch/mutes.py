"""Mute timings: when alerts page nobody, by the production calendar and by windows of the week."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from schemas.alerts import SEVERITIES, Severity
from schemas.plant.alerts.duty import WindowTimes
from schemas.plant.alerts.routing import MuteTiming
from schemas.plant.calendar import Calendar, Reason
from schemas.plant.model import Plant


class Slot(Protocol):
    """What the production calendar says of a minute."""

    @property
    def shift(self) -> str | None:
        """The shift; None is not scheduled."""

    @property
    def stop(self) -> Reason | None:
        """Why production is not planned."""


class PlannedTime(Protocol):
    """A production calendar in its time zone."""

    def at(self, minute: datetime, /) -> Slot:
        """What it says of this instant."""

    def next_change(self, after: datetime, /) -> datetime:
        """The first instant after this one at which it says something else."""


Calendars = Callable[[Calendar, str], PlannedTime]
"""A calendar of the plant file and a time zone, as planned time."""


def rank(severity: Severity | None) -> int:
    """0 is none."""
    return 0 if severity is None else SEVERITIES.index(severity) + 1


class Timing:
    """One mute timing of a plant."""

    def __init__(
        self, timing: MuteTiming, plant: Plant, calendars: Calendars, exceptions: Iterable[int]
    ) -> None:
        """`exceptions` of its calendar are meant, by their places."""
        self.by_people = timing.maintenance
        """Whether it mutes alerts of equipment at which people do maintenance."""
        self._timing = timing
        self._windows = WindowTimes(timing.windows, ZoneInfo(plant.time_zone))
        known = plant.calendars.get(timing.calendar or "")
        self._calendar = None
        if known is not None and timing.when:
            self._calendar = calendars(known.with_exceptions(exceptions), plant.time_zone)

    def holds_for(self, severity: Severity) -> bool:
        """Whether alerts of this severity are muted by it at all."""
        return rank(severity) <= rank(self._timing.at_most)

    def is_on(self, moment: datetime) -> bool:
        """Whether the calendar or a window mutes at this instant."""
        if self._timing.windows and self._windows.is_open(moment):
            return True
        if self._calendar is None:
            return False
        slot = self._calendar.at(moment)
        is_off = slot.shift is None and "not_scheduled" in self._timing.when
        return is_off or slot.stop in self._timing.when

    def is_maintenance(self, moment: datetime) -> bool:
        """Whether it mutes because of maintenance that the calendar plans."""
        if self._calendar is None or "maintenance" not in self._timing.when:
            return False
        return self._calendar.at(moment).stop == "maintenance"

    def next_change(self, moment: datetime) -> datetime | None:
        """The first instant after this one at which one of both may change."""
        found = [self._windows.next_change(moment)]
        if self._calendar is not None:
            found.append(self._calendar.next_change(moment))
        return min((one for one in found if one is not None), default=None)


Timings = dict[str, Timing]


def timings_of(plant: Plant, named: Mapping[str, MuteTiming], calendars: Calendars) -> Timings:
    """The mute timings of a plant, and those of equipment of which a calendar says more.

    Theirs are named `TIMING/EQUIPMENT`.
    """
    found: Timings = {}
    for name, one in named.items():
        known = plant.calendars.get(one.calendar or "")
        listed = () if known is None else known.exceptions
        for_all = tuple(place for place, each in enumerate(listed) if each.is_for_all)
        found[name] = Timing(one, plant, calendars, for_all)
        for equipment in plant.equipment if known is not None else ():
            if known is None or equipment.calendar != one.calendar:
                continue
            places = known.exceptions_of(equipment.id, equipment.area, equipment.line)
            if places != for_all:
                found[f"{name}/{equipment.id}"] = Timing(one, plant, calendars, places)
    return found


def timing_name(timings: Timings, name: str, labels: Mapping[str, str]) -> str:
    """The timing of this name that holds for an alert with these labels."""
    equipment = labels.get("equipment", "").rpartition("/")[2]
    own = f"{name}/{equipment}"
    return own if own in timings else name
