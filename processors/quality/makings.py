"""When equipment made a batch, and the excursions that there were meanwhile."""

from typing import NamedTuple

from processors.rules.times import micros
from schemas.lab import BatchMade, Excursion
from schemas.plant.quality import DeviationSeverity


class Making(NamedTuple):
    """An equipment made the batch, from here to there."""

    start: int
    end: int | None
    equipment: str = ""
    """Its path."""


class Spell(NamedTuple):
    """An excursion, as an alert told of it last; times in microseconds since 1970."""

    at: int
    """When this became so."""
    end: int | None
    """None: the alert fires."""
    start: int
    fired_at: int
    rule: str
    equipment: str
    concerns: str
    """The path of the equipment, line or area whose batches it concerns."""
    severity: DeviationSeverity
    area: str | None
    tag: str
    worst: float | None
    limit: float | None
    unit: str

    def is_newer_than(self, other: "Spell") -> bool:
        """Whether it takes the place of what was told of the same excursion."""
        return (self.at, self.end is not None) > (other.at, other.end is not None)

    def met(self, making: Making) -> int | None:
        """When it first fired while this was made; None if it did not."""
        path = f"{making.equipment}/"
        since = max(self.fired_at, making.start)
        ends = [one for one in (self.end, making.end) if one is not None]
        is_there = path.startswith(f"{self.concerns}/") and all(since < one for one in ends)
        return since if is_there else None


def making_of(event: BatchMade) -> Making:
    """When the equipment made it."""
    end = None if event.end is None else micros(event.end)
    return Making(micros(event.start), end, event.equipment)


def spell_of(event: Excursion) -> Spell:
    """The excursion as it is remembered."""
    return Spell(
        at=micros(event.at),
        end=None if event.end is None else micros(event.end),
        start=micros(event.start),
        fired_at=micros(event.fired_at),
        rule=event.rule,
        equipment=event.equipment,
        concerns=event.concerns,
        severity=event.severity,
        area=event.area,
        tag=event.tag,
        worst=event.worst,
        limit=event.limit,
        unit=event.unit,
    )
