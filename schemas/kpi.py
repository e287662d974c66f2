"""Facts that add up, and the reports made of them."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.record import Count, EquipmentPath, EventId, Frozen, UtcTime


class TimeElements(Frozen):
    """Milliseconds per time category (ISO 22400-2). They add up over time and over machines."""

    not_scheduled_ms: Count = 0
    planned_stop_ms: Count = 0
    setup_ms: Count = 0
    unplanned_stop_ms: Count = 0
    delay_ms: Count = 0
    minor_stop_ms: Count = 0
    running_ms: Count = 0
    unknown_ms: Count = 0
    unplanned_running_ms: Count = 0
    excluded_unknown_ms: Count = 0
    """The part of `unknown_ms` that the plant file keeps out of the planned busy time."""
    no_ideal_ms: Count = 0
    """Actual production time without a known ideal cycle."""


class Quantities(Frozen):
    """Counts in the plant's counting unit, and the ideal time they stand for in microseconds."""

    good: Count = 0
    scrap: Count = 0
    rework: Count = 0
    unplanned_good: Count = 0
    unplanned_scrap: Count = 0
    unplanned_rework: Count = 0
    ideal_us: Count = 0
    """Ideal time of all that was produced in planned time."""
    ideal_good_us: Count = 0
    no_ideal_parts: Count = 0
    """Parts produced in planned time without a known ideal cycle."""


class OeeCell(Frozen):
    """The absolute content of a cell (equipment, minute, batch, product, shift); the last wins.

    A fact that came too late for its minute is a cell of its own, named by its source event.
    """

    type: Literal["oee_cell"] = "oee_cell"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    minute: UtcTime
    batch: str | None = Field(default=None, max_length=100)
    product: str | None = Field(default=None, max_length=100)
    shift: str | None = Field(default=None, max_length=100)
    day: date
    """The production day: the local date on which the shift began."""
    start: UtcTime
    """First moment the cell speaks of."""
    end: UtcTime
    late: EventId | None = None
    time: TimeElements = TimeElements()
    quantities: Quantities = Quantities()

    def record_id(self) -> str:
        """What the cell is named by; a cell with the same name replaces this one."""
        parts = (self.run, self.equipment, self.minute.strftime("%Y-%m-%dT%H:%MZ"))
        names = (self.batch or "", self.product or "", self.shift or "", self.late or "")
        return "|".join((*parts, *map(str, names)))


class OeeReport(Frozen):
    """Sums and ratios of one window, as known when it was written; a later one restates it."""

    type: Literal["oee_report"] = "oee_report"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    kind: Literal["shift", "batch"]
    window: str
    """The shift (`2026-03-01/night`) or the batch."""
    start: UtcTime
    end: UtcTime
    final: bool
    revision: Count = 0
    """Late facts that came after the window had closed."""
    time: TimeElements
    quantities: Quantities
    availability: float | None = None
    effectiveness: float | None = None
    quality_ratio: float | None = None
    oee: float | None = None

    def record_id(self) -> str:
        """What the report is named by."""
        return "|".join(
            (self.run, self.equipment, self.kind, self.window, str(self.start), str(self.revision))
        )
