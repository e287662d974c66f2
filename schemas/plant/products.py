"""Products: how fast they could be made, what is wanted of them, and what is tested."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.plant.times import Years
from schemas.plant.values import Strict


class LabTest(Strict):
    """A test that a laboratory makes of a product."""

    id: str = Field(min_length=1, max_length=100)
    """By which results name it."""
    name: str = ""
    """As people read it."""
    unit: str = ""
    """Of results that are numbers; results in another unit are refused."""
    kind: Literal["number", "text"] = "number"
    """What its results are."""

    @model_validator(mode="after")
    def _unit_of_numbers(self) -> Self:
        if self.kind == "text" and self.unit:
            raise ValueError("a test whose results are texts has no unit")
        return self


PerEquipment = dict[str, Decimal] | Decimal
"""One number, or one per equipment id."""


class DatedCycle(Strict):
    """An ideal cycle that holds from a production day on."""

    valid_from: date = Field(alias="from")
    """First production day."""
    cycle_s: PerEquipment
    """Seconds per counting unit: one number, or one for each equipment id."""


class Product(Strict):
    """What is made, and how fast it could be."""

    id: str = Field(min_length=1, max_length=100)
    """By which devices and people name it."""
    name: str = ""
    """As people read it."""
    ideal_cycle_s: list[DatedCycle] | PerEquipment | None = None
    """Seconds per counting unit; a list says from which production day on each holds."""
    demand_per_shift: PerEquipment | None = None
    """Counting units wanted in a shift; its planned time over them is the takt."""
    tests: list[LabTest] = Field(default_factory=list)
    """What a laboratory may report of it."""
    shelf_life: Years | None = None
    """From the end of a batch to its expiry; records are kept beyond it (`retention`)."""

    @property
    def dated_cycles(self) -> list[DatedCycle]:
        """The ideal cycles in the order of the days from which they hold."""
        given = self.ideal_cycle_s
        if given is None:
            return []
        dated = given if isinstance(given, list) else [_always(given)]
        return sorted(dated, key=lambda one: one.valid_from)

    @model_validator(mode="after")
    def _positive(self) -> Self:
        for cycle in (one for dated in self.dated_cycles for one in _values(dated.cycle_s)):
            if cycle <= 0 or cycle * 1_000_000 % 1 != 0:
                raise ValueError("ideal_cycle_s is a positive number of whole microseconds")
        days = [one.valid_from for one in self.dated_cycles]
        if len(days) != len(set(days)):
            raise ValueError("two ideal cycles hold from the same day")
        if self.shelf_life is not None and self.shelf_life <= timedelta():
            raise ValueError("shelf_life is a day or more")
        if any(demand <= 0 for demand in _values(self.demand_per_shift)):
            raise ValueError("demand_per_shift is a positive number")
        return self

    def ideal_us(self, equipment: str, day: date) -> int | None:
        """Microseconds per unit on this equipment on a production day; None: nobody knows."""
        found = None
        for dated in self.dated_cycles:
            if dated.valid_from <= day:
                found = _on(equipment, dated.cycle_s)
        return None if found is None else int(found * 1_000_000)

    def demand(self, equipment: str) -> Decimal | None:
        """Units wanted of this equipment in a shift."""
        return _on(equipment, self.demand_per_shift)


def _always(cycle: PerEquipment) -> DatedCycle:
    return DatedCycle.model_validate({"from": date.min, "cycle_s": cycle})


def _values(given: PerEquipment | None) -> list[Decimal]:
    if given is None:
        return []
    return list(given.values()) if isinstance(given, dict) else [given]


def _on(equipment: str, given: PerEquipment | None) -> Decimal | None:
    return given.get(equipment) if isinstance(given, dict) else given
