"""Times at which nobody of a schedule is on call."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.mistakes import Mistake
from schemas.plant.alerts.duty import Roster
from schemas.plant.alerts.people import Layer, Schedule
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location

_LOOKED_AT = timedelta(days=15)
"""After each layer has begun: windows are the same every week."""
_SHOWN = 3


def hole_mistakes(plant: Plant, document: Document) -> Iterator[Mistake]:
    """A mistake for each schedule that has holes and does not say that it may."""
    for name, schedule in plant.schedules.items():
        place: Location = ("schedules", name)
        zone = schedule.time_zone or plant.time_zone
        found = [] if schedule.may_have_holes else _holes(schedule, zone)
        if found:
            shown = ", ".join(_written(*hole, ZoneInfo(zone)) for hole in found[:_SHOWN])
            told = f"nobody is on call {shown}{' …' if len(found) > _SHOWN else ''}"
            hint = "add a layer without windows, or write may_have_holes: true"
            yield document.mistake((*place, "layers"), told, hint)


def _holes(schedule: Schedule, time_zone: str) -> list[tuple[datetime, datetime | None]]:
    """When nobody is on call in the days after each layer has begun, in order.

    `time_zone` is the schedule's.
    """
    # Who of a layer has the turn makes no hole, and without hand-overs there is less to look at.
    alone = schedule.model_copy(update={"layers": [_of_one(one) for one in schedule.layers]})
    roster = Roster(alone, time_zone)
    begins = {Roster(Schedule(layers=[one]), time_zone).begins for one in alone.layers}
    found = {
        duty.start: duty.end
        for begin in sorted(begins)
        for duty in roster.between(begin, begin + _LOOKED_AT)
        if not duty.people and not _has_ended(schedule, duty.start, time_zone)
    }
    return sorted(found.items(), key=lambda hole: hole[0])


def _has_ended(schedule: Schedule, moment: datetime, time_zone: str) -> bool:
    local = moment.astimezone(ZoneInfo(time_zone)).date()
    return schedule.until is not None and local >= schedule.until


def _of_one(layer: Layer) -> Layer:
    return layer.model_copy(update={"people": layer.people[:1]})


def _written(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """The span in local time."""
    begin = f"from {start.astimezone(zone):%a %Y-%m-%d %H:%M}"
    if end is None:
        return f"{begin} on"
    return f"{begin} to {end.astimezone(zone):%a %H:%M}"
