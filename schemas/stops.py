"""Stops, calls for help, and what does not fit: each with its whole life in one record."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.machine import TimeCategory
from schemas.manual import Priority
from schemas.record import EquipmentPath, EventId, Frozen, UtcTime


class Stop(Frozen):
    """A stop from its beginning to its end, as it is known by now; the newest of an id wins."""

    type: Literal["stop"] = "stop"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    start: UtcTime
    end: UtcTime | None = None
    """None while it goes on."""
    category: TimeCategory
    state: str | None = None
    """The device's own word for the state in which it began."""
    reason: str | None = Field(default=None, max_length=100)
    reason_by: str | None = Field(default=None, max_length=100)
    """Who gave the reason, if a person did."""
    batch: str | None = Field(default=None, max_length=100)
    """When it began, as are product, shift and day."""
    product: str | None = Field(default=None, max_length=100)
    shift: str | None = Field(default=None, max_length=100)
    day: date

    def record_id(self) -> str:
        """What the stop is named by."""
        return "|".join((self.run, self.equipment, "stop", self.start.isoformat()))


class AndonCall(Frozen):
    """A call for help from its raising to its clearing; the newest of an id wins."""

    type: Literal["andon_call"] = "andon_call"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    andon: str = Field(min_length=1, max_length=100)
    kind: str = Field(min_length=1, max_length=100)
    priority: Priority
    raised_at: UtcTime
    raised_by: str = Field(min_length=1, max_length=100)
    cleared_at: UtcTime | None = None
    cleared_by: str | None = Field(default=None, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)

    def record_id(self) -> str:
        """What the call is named by."""
        return "|".join((self.run, self.equipment, "andon", self.andon, self.raised_at.isoformat()))


class Finding(Frozen):
    """Something that does not fit in what an equipment and its people say."""

    type: Literal["finding"] = "finding"
    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    equipment: EquipmentPath
    kind: str = Field(pattern=r"^[a-z_]+$", max_length=50)
    """`overlapping_stops`, `reason_without_stop`, `unknown_reason`, `unknown_product`,
    `counter_frozen`, `too_late`, `cycles_too_late`; later versions may know more."""
    start: UtcTime
    end: UtcTime
    text: str = Field(min_length=1, max_length=1000)
    """What was found, and what to do."""
    event: EventId | None = None
    """The event that showed it."""

    def record_id(self) -> str:
        """What the finding is named by."""
        parts = (self.run, self.equipment, self.kind, self.start.isoformat(), self.event or "")
        return "|".join(map(str, parts))
