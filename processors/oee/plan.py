"""What the plant file says about one equipment, ready for the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from processors.oee.calendar import PlanCalendar
from processors.step import UnprocessableError
from schemas.machine import PartsCounted, TimeCategory
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.products import Product
from schemas.record import EquipmentPath, equipment_id


@dataclass(frozen=True, slots=True)
class EquipmentPlan:
    """Calendar, thresholds and ideal cycles of an equipment under one version of the file."""

    version: str
    calendar: PlanCalendar
    minor_stop: timedelta
    unknown_after: timedelta | None
    exclude_unknown: bool
    equipment_id: str
    products: Mapping[str, Product]

    def is_planned(self, shift: str | None, batch: str | None) -> bool:
        """Whether this time was meant for production."""
        return shift is not None and (batch is not None or not self.calendar.during_batch)

    def ideal_us(self, product: str | None, day: date) -> int | None:
        """Microseconds per counting unit, or None where nobody knows."""
        known = self.products.get(product or "")
        return None if known is None else known.ideal_us(self.equipment_id, day)

    def time_amounts(
        self, category: TimeCategory, milliseconds: int, product: str | None, day: date
    ) -> dict[str, int]:
        """Time of one category, as fields of `TimeElements`."""
        amounts = {f"{category}_ms": milliseconds}
        if category is TimeCategory.UNKNOWN and self.exclude_unknown:
            amounts["excluded_unknown_ms"] = milliseconds
        producing = category in {TimeCategory.RUNNING, TimeCategory.MINOR_STOP}
        if producing and self.ideal_us(product, day) is None:
            amounts["no_ideal_ms"] = milliseconds
        return amounts

    def count_amounts(
        self, counted: PartsCounted, product: str | None, day: date, *, planned: bool
    ) -> dict[str, int]:
        """Counts as fields of `Quantities`, with the ideal time that they stand for."""
        good, scrap, rework = counted.good, counted.scrap, counted.rework
        if not planned:
            found = {"unplanned_good": good, "unplanned_scrap": scrap, "unplanned_rework": rework}
        else:
            found = {"good": good, "scrap": scrap, "rework": rework}
            ideal, produced = self.ideal_us(product, day), good + scrap + rework
            if ideal is None:
                found["no_ideal_parts"] = produced
            else:
                found |= {"ideal_us": produced * ideal, "ideal_good_us": good * ideal}
        return {name: amount for name, amount in found.items() if amount}


def equipment_plan(plant: PlantFile, equipment: EquipmentPath) -> EquipmentPlan:
    """The plan of this equipment.

    Raises:
        UnprocessableError: the plant file has no such equipment.
    """
    return _cached_plan(_ByVersion(plant), equipment)


class _ByVersion:
    """A plant file that is equal to another of the same version."""

    def __init__(self, plant: PlantFile) -> None:
        self.plant = plant

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByVersion) and self.plant.version == other.plant.version

    def __hash__(self) -> int:
        return hash(self.plant.version)


@lru_cache(maxsize=20_000)
def _cached_plan(versioned: _ByVersion, path: EquipmentPath) -> EquipmentPlan:
    plant = versioned.plant.plant
    equipment = plant.find(path)
    if equipment is None or plant.path_of(equipment) != path or equipment.calendar is None:
        raise UnprocessableError(f"plant file {versioned.plant.version} has no equipment {path}")
    return EquipmentPlan(
        version=versioned.plant.version,
        calendar=_calendar(versioned, equipment),
        minor_stop=timedelta(seconds=equipment.minor_stop_s),
        unknown_after=(
            None
            if equipment.unknown_after_s is None
            else timedelta(seconds=equipment.unknown_after_s)
        ),
        exclude_unknown=equipment.unknown == "exclude",
        equipment_id=equipment_id(path),
        products={one.id: one for one in plant.products},
    )


def _calendar(versioned: _ByVersion, equipment: Equipment) -> PlanCalendar:
    name = equipment.calendar or ""
    calendar = versioned.plant.plant.calendars[name]
    places = calendar.exceptions_of(equipment.id, equipment.area, equipment.line)
    return _cached_calendar(versioned, name, places)


@lru_cache(maxsize=1_000)
def _cached_calendar(versioned: _ByVersion, name: str, exceptions: tuple[int, ...]) -> PlanCalendar:
    """One for all equipment of which the calendar says the same."""
    plant = versioned.plant.plant
    return PlanCalendar(plant.calendars[name].with_exceptions(exceptions), plant.time_zone)
