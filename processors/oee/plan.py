"""What the plant file says about one equipment, ready for the arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from processors.calendar import PlanCalendar, Slot
from processors.cycles.context import Mode
from processors.oee.amounts import MS_OF, Amounts
from processors.step import UnprocessableError
from schemas.machine import TimeCategory
from schemas.plant.by_version import ByVersion
from schemas.plant.equipment import Equipment, Reason, StateRule
from schemas.plant.load import PlantFile
from schemas.plant.products import Product
from schemas.record import EquipmentPath, equipment_id

MILLISECOND = timedelta(milliseconds=1)
MINOR = TimeCategory.MINOR_STOP


@dataclass(frozen=True, slots=True)
class EquipmentPlan:
    """Calendar, thresholds, rules and ideal cycles of one equipment in one version of the file."""

    version: str
    calendar: PlanCalendar
    minor_stop: timedelta
    min_run: timedelta
    unknown_after: timedelta | None
    exclude_unknown: bool
    producing_setup: bool
    """Whether setup counts as production time without parts."""
    rules: Sequence[StateRule]
    reasons: Mapping[str, Reason]
    startup_ms: int
    frozen_after_ms: int | None
    counts_produced: bool
    """Whether a counter sees parts before anybody knows whether they are good."""
    cycles: Mode | None
    slow_cycle: Decimal
    equipment_id: str
    products: Mapping[str, Product]
    _ideals: dict[tuple[str | None, date], int | None] = field(default_factory=dict, compare=False)

    def is_planned(self, slot: Slot, batch: str | None) -> bool:
        """Whether this time was meant for production."""
        return slot.planned and self.is_open(batch)

    def is_open(self, batch: str | None) -> bool:
        """Whether there is a batch where only batches are planned."""
        return batch is not None or not self.calendar.during_batch

    def ideal_us(self, product: str | None, day: date) -> int | None:
        """Microseconds per counting unit, or None where nobody knows."""
        try:
            return self._ideals[product, day]
        except KeyError:
            known = self.products.get(product or "")
            found = None if known is None else known.ideal_us(self.equipment_id, day)
            if len(self._ideals) >= _CACHED_IDEALS:
                self._ideals.clear()
            self._ideals[product, day] = found
            return found

    def time_amounts(
        self, category: TimeCategory, milliseconds: int, product: str | None, day: date
    ) -> Amounts:
        """Time of one category, as fields of `TimeElements`."""
        amounts = {MS_OF[category]: milliseconds}
        if category is TimeCategory.UNKNOWN and self.exclude_unknown:
            amounts["excluded_unknown_ms"] = milliseconds
        producing = category is TimeCategory.RUNNING or category is MINOR
        if category is TimeCategory.SETUP and self.producing_setup:
            amounts["producing_setup_ms"] = milliseconds
            producing = True
        if producing and self.ideal_us(product, day) is None:
            amounts["no_ideal_ms"] = milliseconds
        return amounts


_CACHED_IDEALS = 1_000


def equipment_plan(plant: PlantFile, equipment: EquipmentPath) -> EquipmentPlan:
    """The plan of this equipment.

    Raises:
        UnprocessableError: the plant file has no such equipment.
    """
    return _cached_plan(ByVersion(plant), equipment)


@lru_cache(maxsize=20_000)
def _cached_plan(versioned: ByVersion, path: EquipmentPath) -> EquipmentPlan:
    plant = versioned.plant.plant
    equipment = plant.find(path)
    if equipment is None or plant.path_of(equipment) != path or equipment.calendar is None:
        raise UnprocessableError(f"plant file {versioned.plant.version} has no equipment {path}")
    frozen_after_s, unknown_after_s = equipment.frozen_after_s, equipment.unknown_after_s
    return EquipmentPlan(
        version=versioned.plant.version,
        calendar=_calendar(versioned, equipment),
        minor_stop=timedelta(seconds=equipment.minor_stop_s),
        min_run=timedelta(seconds=equipment.min_run_s),
        unknown_after=None if unknown_after_s is None else timedelta(seconds=unknown_after_s),
        exclude_unknown=equipment.unknown == "exclude",
        producing_setup=equipment.changeover == "performance",
        rules=tuple(equipment.rules),
        reasons=plant.reasons,
        startup_ms=equipment.startup_s * 1000,
        frozen_after_ms=None if frozen_after_s is None else frozen_after_s * 1000,
        counts_produced=any(tag.means == "produced_count" for tag in equipment.tags),
        cycles=equipment.cycles,
        slow_cycle=equipment.slow_cycle,
        equipment_id=equipment_id(path),
        products={one.id: one for one in plant.products},
    )


def _calendar(versioned: ByVersion, equipment: Equipment) -> PlanCalendar:
    name = equipment.calendar or ""
    calendar = versioned.plant.plant.calendars[name]
    places = calendar.exceptions_of(equipment.id, equipment.area, equipment.line)
    return _cached_calendar(versioned, name, places)


@lru_cache(maxsize=1_000)
def _cached_calendar(versioned: ByVersion, name: str, exceptions: tuple[int, ...]) -> PlanCalendar:
    """One for all equipment of which the calendar says the same."""
    plant = versioned.plant.plant
    return PlanCalendar(plant.calendars[name].with_exceptions(exceptions), plant.time_zone)
