"""All that can move an equipment's numbers: state, counts, batch, product, gaps, heartbeats."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.record import Count, Envelope, EquipmentPath, UtcTime


class TimeCategory(StrEnum):
    """Where a moment of an equipment's time goes (ISO 22400-2, with the causes kept apart)."""

    NOT_SCHEDULED = "not_scheduled"
    PLANNED_STOP = "planned_stop"
    SETUP = "setup"
    UNPLANNED_STOP = "unplanned_stop"
    DELAY = "delay"
    MINOR_STOP = "minor_stop"
    RUNNING = "running"
    UNKNOWN = "unknown"
    UNPLANNED_RUNNING = "unplanned_running"


class MachineRecord(Envelope):
    """An event of one equipment."""

    equipment: EquipmentPath

    def partition_key(self) -> str:
        """The equipment."""
        return self.equipment


class StateChanged(MachineRecord):
    """From `source_time` on the equipment is in this state, until it says otherwise."""

    type: Literal["state_changed"] = "state_changed"
    category: TimeCategory
    state: str | None = None
    """The device's own word or number for it."""
    reason: str | None = Field(default=None, max_length=100)
    """Why, where the device says it."""


class PartsCounted(MachineRecord):
    """So many more parts since the last count, in the plant's counting unit."""

    type: Literal["parts_counted"] = "parts_counted"
    good: Count = 0
    scrap: Count = 0
    rework: Count = 0
    produced: Count = 0
    """Parts of which nobody knows yet whether they are good: until scrap or rework is counted of
    them they count as good."""


class BatchStarted(MachineRecord):
    """A batch begins; an open one ends at the same moment."""

    type: Literal["batch_started"] = "batch_started"
    batch: str = Field(min_length=1, max_length=100)
    by: str | None = Field(default=None, max_length=100)
    """Who said it, where a person did."""
    statement: str | None = Field(default=None, max_length=64)
    """The id that its author was answered with."""


class BatchEnded(MachineRecord):
    """The open batch ends."""

    type: Literal["batch_ended"] = "batch_ended"
    batch: str = Field(min_length=1, max_length=100)
    by: str | None = Field(default=None, max_length=100)
    """Who said it, where a person did."""
    statement: str | None = Field(default=None, max_length=64)
    """The id that its author was answered with."""


class ProductChanged(MachineRecord):
    """From now on this product is made; None when nobody knows."""

    type: Literal["product_changed"] = "product_changed"
    product: str | None = Field(default=None, max_length=100)


class PhaseChanged(MachineRecord):
    """From now on the batch is in this phase; None when it is in none."""

    type: Literal["phase_changed"] = "phase_changed"
    phase: str | None = Field(default=None, max_length=100)


class CycleCompleted(MachineRecord):
    """A cycle ended, and took so long."""

    type: Literal["cycle_completed"] = "cycle_completed"
    duration_ms: Count


class Gap(MachineRecord):
    """From `start` to `source_time` the edge saw nothing that it could trust."""

    type: Literal["gap"] = "gap"
    start: UtcTime
    reason: str
    lost: Count | None = None
    """Samples known to be lost, where the source can tell."""


class CounterReset(MachineRecord):
    """A counter of the device began anew, rolled over or jumped; the counts go on without a jump.

    After a jump, which is faster than the tag's `most_per_s`, `after` may be above `before`.
    """

    type: Literal["counter_reset"] = "counter_reset"
    tag: str
    before: str
    after: str
    rolled_over: bool


class AlarmChanged(MachineRecord):
    """From `source_time` on an alarm or condition of the equipment is so."""

    type: Literal["alarm_changed"] = "alarm_changed"
    condition: str = Field(min_length=1, max_length=500)
    """Its id at the source: the same over its whole life."""
    name: str = ""
    origin: str = ""
    """Address of what it is about."""
    origin_name: str = ""
    severity: int = Field(ge=1, le=1000)
    """1 is mere information, 1000 a disaster (OPC UA part 9)."""
    message: str = ""
    active: bool
    acknowledged: bool
    retained: bool
    """Whether it still deserves a look."""


class Heartbeat(MachineRecord):
    """The source still answers: what was last said still holds."""

    type: Literal["heartbeat"] = "heartbeat"


# What moves OEE; what people say beside it is in schemas.manual.
MachineEvent = Annotated[
    StateChanged
    | PartsCounted
    | BatchStarted
    | BatchEnded
    | ProductChanged
    | PhaseChanged
    | CycleCompleted
    | Gap
    | CounterReset
    | AlarmChanged
    | Heartbeat,
    Field(discriminator="type"),
]
