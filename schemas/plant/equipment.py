"""Equipment: its tags, and how its time and its parts are judged."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.plant.tags import Tag
from schemas.plant.values import Name, Strict

StopCategory = Literal["planned_stop", "setup", "unplanned_stop", "delay"]
Circumstance = Literal["no_batch", "changeover", "maintenance", "start_of_shift"]
"""When a rule applies: no batch is open; another product is being prepared (from the end of a
batch, or a change of product, to the first part); a person has begun maintenance; nothing has run
since the shift began."""


class StateRule(Strict):
    """The same state of a device in another category, when something else is true as well."""

    when: Circumstance
    states: list[str] = Field(default_factory=list)
    """The device's words or numbers that it is about; empty is every stop."""
    category: StopCategory
    """Category of such a stop."""
    reason: Name | None = None
    """Code of the reason that such a stop has until somebody gives another."""


class Reason(Strict):
    """Why something stood, or was bad."""

    name: str = ""
    """As people read it."""
    category: StopCategory | None = None
    """The category of a stop for which it is given; empty leaves the category as it is."""


class Line(Strict):
    """What is to be said of a whole line."""

    name: str = ""
    """As people read it."""
    constraint: Name | None = None
    """Id of the equipment whose OEE is the line's; without it, the facts of all are summed."""


class EquipmentClass(Strict):
    """What equipment of one kind has in common (ISA-95 equipment class)."""

    tags: list[Tag] = Field(default_factory=list)
    """Values of each of them; `{id}` in an address stands for the equipment's id."""
    calendar: Name | None = None
    """Key of `calendars`."""
    source: Name | None = None
    """Key of `sources` at which its tags are read, unless a tag says another."""
    minor_stop_s: int = Field(default=0, ge=0, le=3600)
    """Unplanned stops shorter than this are minor stops; 0 means that there are none."""
    unknown_after_s: int | None = Field(default=None, gt=0)
    """Without a sign of life for this long, time is unknown; empty means never."""
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Its number on a Modbus line."""
    alarms_of: list[str] = Field(default_factory=list)
    """Nodes of an OPC UA server whose alarms are its own, beside its tags; `{id}` as in tags."""
    unknown: Literal["loss", "exclude"] = "loss"
    """Whether unknown time counts as planned busy time."""
    min_run_s: int = Field(default=0, ge=0, le=3600)
    """A run shorter than this between two stops ends no stop; 0 means that every run does."""
    changeover: Literal["availability", "performance"] = "availability"
    """Which ratio setup lowers: it is a loss of time, or production time without parts."""
    rules: list[StateRule] = Field(default_factory=list)
    """Categories that depend on order and calendar; the first rule that holds wins."""
    startup_s: int = Field(default=0, ge=0, le=86_400)
    """So much running time after setup or time that was not planned makes start-up rejects."""
    frozen_after_s: int | None = Field(default=None, gt=0)
    """Running for so long without a part is reported: the counter may be frozen."""
    cycles: Literal["states", "counters", "events"] | None = None
    """What a cycle is: one run between two other states, one count, or a `cycle_time` tag."""
    slow_cycle: Decimal = Field(default=Decimal("1.5"), gt=1)
    """A cycle longer than the ideal one times this is slow."""


class Equipment(EquipmentClass):
    """One machine of the plant."""

    id: Name
    """Its own name, once in the plant."""
    name: str = ""
    """As people read it; empty is the id."""
    area: Name
    """ISA-95 area."""
    line: Name
    """ISA-95 line (work centre)."""
    equipment_class: Name | None = Field(default=None, alias="class")
    """Key of `equipment_classes`: what is said there holds, unless it is said here."""
