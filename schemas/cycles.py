"""Cycle times: facts that add up per hour, and how long each batch took."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.record import Count, EquipmentPath, EventId, Frozen, UtcTime


class CycleCell(Frozen):
    """Cycles that ended in one hour of UTC, of one equipment, product, batch and shift.

    The absolute content; the newest of an id wins. All of it adds up, the sketch as well. A cycle
    that came too late for its hour is a cell of its own, named by its event.
    """

    type: Literal["cycle_cell"] = "cycle_cell"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    hour: UtcTime
    product: str | None = Field(default=None, max_length=100)
    batch: str | None = Field(default=None, max_length=100)
    shift: str | None = Field(default=None, max_length=100)
    day: date
    late: EventId | None = None
    cycles: Count
    total_ms: Count
    squares_ms2: Count
    """Sum of the squares, for the deviation."""
    shortest_ms: Count
    longest_ms: Count
    slow: Count
    """Cycles longer than `slow_cycle` times the ideal one."""
    ideal_ms: Count = 0
    """Sum of the ideal cycles of those that have one."""
    no_ideal: Count = 0
    """Cycles without a known ideal one."""
    sketch: dict[str, Count] = Field(default_factory=dict)
    """Cycles per bucket: bucket i holds lengths (ms) in (1.02^(i-1), 1.02^i]."""

    def record_id(self) -> str:
        """What the cell is named by."""
        parts = (self.run, self.equipment, "cycles", self.hour.strftime("%Y-%m-%dT%HZ"))
        names = (self.product or "", self.batch or "", self.shift or "", self.late or "")
        return "|".join((*parts, *map(str, names)))


class Phase(Frozen):
    """One phase of a batch."""

    name: str = Field(max_length=100)
    """'' where no phase was said."""
    start: UtcTime
    end: UtcTime


class BatchCycle(Frozen):
    """How long a batch took, and its phases; the newest of an id wins."""

    type: Literal["batch_cycle"] = "batch_cycle"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    batch: str = Field(min_length=1, max_length=100)
    product: str | None = Field(default=None, max_length=100)
    start: UtcTime
    end: UtcTime | None = None
    """None while it is open."""
    phases: tuple[Phase, ...] = ()
    phases_left_out: Count = 0
    """Phases that are not listed, because there were too many."""

    def record_id(self) -> str:
        """What it is named by."""
        return "|".join((self.run, self.equipment, "batch", self.batch, self.start.isoformat()))
