"""What people say of an equipment: reasons, parts they found, calls for help, maintenance."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.machine import MachineRecord
from schemas.record import Statement, UtcTime

Priority = Literal["low", "medium", "high", "critical"]


class ManualRecord(MachineRecord, Statement):
    """An event of one equipment that a person stated."""


class StopReasonGiven(ManualRecord):
    """Why the equipment stood: from `start` to `end`, or in the stop that holds `source_time`."""

    type: Literal["stop_reason_given"] = "stop_reason_given"
    reason: str = Field(min_length=1, max_length=100)
    """The plant's code of the reason."""
    start: UtcTime | None = None
    end: UtcTime | None = None
    """Empty while the stop goes on."""
    comment: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end is not None and (self.start is None or self.end <= self.start):
            raise ValueError("end needs a start before it")
        return self


class PartsReported(ManualRecord):
    """Corrects what was counted in the minute of `source_time`, in the plant's counting unit.

    Each amount is added to the counted one: parts found bad later are good -3, scrap 3.
    """

    type: Literal["parts_reported"] = "parts_reported"
    good: int = Field(default=0, ge=-(10**9), le=10**9)
    scrap: int = Field(default=0, ge=-(10**9), le=10**9)
    rework: int = Field(default=0, ge=-(10**9), le=10**9)
    batch: str | None = Field(default=None, min_length=1, max_length=100)
    startup: bool = False
    """Whether the scrap and rework are start-up rejects."""
    reason: str = Field(min_length=1, max_length=100)
    """The plant's code of the reason."""
    comment: str | None = Field(default=None, max_length=2000)


class AndonRaised(ManualRecord):
    """Somebody calls for help at this equipment."""

    type: Literal["andon_raised"] = "andon_raised"
    andon: str = Field(min_length=1, max_length=100)
    """Names the call, for the one that clears it."""
    priority: Priority
    kind: str = Field(min_length=1, max_length=100)
    """What is needed: the plant's code, such as material, quality or maintenance."""
    comment: str | None = Field(default=None, max_length=2000)


class AndonCleared(ManualRecord):
    """The call of this name is over."""

    type: Literal["andon_cleared"] = "andon_cleared"
    andon: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


class MaintenanceStarted(ManualRecord):
    """Maintenance begins."""

    type: Literal["maintenance_started"] = "maintenance_started"
    planned: bool
    work_order: str | None = Field(default=None, min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


class MaintenanceEnded(ManualRecord):
    """Maintenance ends."""

    type: Literal["maintenance_ended"] = "maintenance_ended"
    work_order: str | None = Field(default=None, min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)
