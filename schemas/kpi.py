"""Facts that add up, and the reports made of them."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.record import EquipmentPath, EventId, Frozen, UtcTime


class TimeElements(Frozen):
    """Milliseconds per time category (ISO 22400-2). They add up over time and over machines."""

    not_scheduled_ms: int = Field(default=0, ge=0)
    planned_stop_ms: int = Field(default=0, ge=0)
    setup_ms: int = Field(default=0, ge=0)
    unplanned_stop_ms: int = Field(default=0, ge=0)
    delay_ms: int = Field(default=0, ge=0)
    minor_stop_ms: int = Field(default=0, ge=0)
    running_ms: int = Field(default=0, ge=0)
    unknown_ms: int = Field(default=0, ge=0)
    unplanned_running_ms: int = Field(default=0, ge=0)
    excluded_unknown_ms: int = Field(default=0, ge=0)
    """The part of `unknown_ms` that the plant file keeps out of the planned busy time."""
    no_ideal_ms: int = Field(default=0, ge=0)
    """Actual production time without a known ideal cycle."""


class Quantities(Frozen):
    """Counts in the plant's counting unit, and the ideal time they stand for in microseconds."""

    good: int = Field(default=0, ge=0)
    scrap: int = Field(default=0, ge=0)
    rework: int = Field(default=0, ge=0)
    unplanned_good: int = Field(default=0, ge=0)
    unplanned_scrap: int = Field(default=0, ge=0)
    unplanned_rework: int = Field(default=0, ge=0)
    ideal_us: int = Field(default=0, ge=0)
    """Ideal time of all that was produced in planned time."""
    ideal_good_us: int = Field(default=0, ge=0)
    no_ideal_parts: int = Field(default=0, ge=0)
    """Parts produced in planned time without a known ideal cycle."""


class OeeCell(Frozen):
    """The absolute content of a cell (equipment, minute, batch, product, shift); the last wins.

    A fact that came too late for its minute is a cell of its own, named by its source event.
    """

    type: Literal["oee_cell"] = "oee_cell"
    version: int = Field(default=1, ge=1, le=1)
    run: str = ""
    plant_version: str
    equipment: EquipmentPath
    minute: UtcTime
    batch: str | None = None
    product: str | None = None
    shift: str | None = None
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
    run: str = ""
    plant_version: str
    equipment: EquipmentPath
    kind: Literal["shift", "batch"]
    window: str
    """The shift (`2026-03-01/night`) or the batch."""
    start: UtcTime
    end: UtcTime
    final: bool
    revision: int = Field(default=0, ge=0)
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
