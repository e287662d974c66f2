"""Facts that add up, and the reports made of them."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.machine import TimeCategory
from schemas.record import Change, Count, EquipmentPath, EventId, Frozen, UtcTime


class TimeElements(Frozen):
    """Milliseconds per time category (ISO 22400-2). They add up over time and over machines.

    Below 0 only in a cell that restates a closed one: there they are the difference.
    """

    not_scheduled_ms: Change = 0
    planned_stop_ms: Change = 0
    setup_ms: Change = 0
    unplanned_stop_ms: Change = 0
    delay_ms: Change = 0
    minor_stop_ms: Change = 0
    running_ms: Change = 0
    unknown_ms: Change = 0
    unplanned_running_ms: Change = 0
    excluded_unknown_ms: Change = 0
    """The part of `unknown_ms` that the plant file keeps out of the planned busy time."""
    producing_setup_ms: Change = 0
    """The part of `setup_ms` that the plant file counts as production time without parts."""
    no_ideal_ms: Change = 0
    """Actual production time without a known ideal cycle."""


class Quantities(Frozen):
    """Counts in the plant's counting unit, and the ideal time they stand for in microseconds."""

    good: Change = 0
    scrap: Change = 0
    rework: Change = 0
    startup_scrap: Change = 0
    """The part of `scrap` that was made while starting up."""
    startup_rework: Change = 0
    """The part of `rework` that was made while starting up."""
    unplanned_good: Change = 0
    unplanned_scrap: Change = 0
    unplanned_rework: Change = 0
    ideal_us: Change = 0
    """Ideal time of all that was produced in planned time."""
    ideal_good_us: Change = 0
    ideal_startup_us: Change = 0
    """Ideal time of start-up rejects."""
    no_ideal_parts: Change = 0
    """Parts produced in planned time without a known ideal cycle."""


class StopCounts(Frozen):
    """How many stops of each kind began, in planned time."""

    breakdowns: Change = 0
    """Unplanned stops that were not minor ones: the failures of MTBF and MTTR."""
    delays: Change = 0
    setups: Change = 0
    planned_stops: Change = 0
    minor_stops: Change = 0


class ReasonTime(Frozen):
    """The part of a category's time that has this reason."""

    category: TimeCategory
    reason: str = Field(min_length=1, max_length=100)
    ms: Change


class OeeCell(Frozen):
    """The absolute content of a cell (equipment, minute, batch, product, shift); the last wins.

    A fact that came too late for its minute is a cell of its own, named by its source event: late
    counts, or the difference that a reason makes that was given later.
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
    stops: StopCounts = StopCounts()
    reasons: tuple[ReasonTime, ...] = ()
    """Of stops in planned time; what they leave of a category has no reason."""

    def record_id(self) -> str:
        """What the cell is named by; a cell with the same name replaces this one."""
        made = f"{self.batch or ''}|{self.product or ''}|{self.shift or ''}|{self.late or ''}"
        return f"{self.run}|{self.equipment}|{self.minute.isoformat()[:16]}Z|{made}"


class OeeReport(Frozen):
    """Sums and ratios of one window, as known when it was written; a later one restates it."""

    type: Literal["oee_report"] = "oee_report"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    kind: Literal["shift", "batch", "hour"]
    """`hour` is the rolling hour of planned time."""
    window: str
    """The shift (`2026-03-01/night`), the batch, or `rolling`."""
    start: UtcTime
    end: UtcTime
    final: bool
    """Whether the window has closed. A report that is not final goes to the newest reports only."""
    revision: Count = 0
    """How many reports of the closed window came before this one."""
    cause: EventId | None = None
    """The late event that made this revision."""
    time: TimeElements
    quantities: Quantities
    stops: StopCounts = StopCounts()
    reasons: tuple[ReasonTime, ...] = ()
    availability: float | None = None
    effectiveness: float | None = None
    quality_ratio: float | None = None
    oee: float | None = None

    def record_id(self) -> str:
        """What the report is named by."""
        return "|".join(
            (self.run, self.equipment, self.kind, self.window, str(self.start), str(self.revision))
        )
