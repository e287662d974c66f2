"""Facts of several machines and windows, added up. Pure."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

from schemas.kpi import Quantities, StopCounts, TimeElements

Part = TypeVar("Part", TimeElements, Quantities, StopCounts)


class Additive(Protocol):
    """What has facts: cells summed up, or a report."""

    @property
    def time(self) -> TimeElements:
        """Milliseconds per category."""

    @property
    def quantities(self) -> Quantities:
        """Counts, and the ideal time they stand for."""

    @property
    def stops(self) -> StopCounts:
        """How many stops began."""


class Sums(NamedTuple):
    """Facts that add up."""

    time: TimeElements = TimeElements()
    quantities: Quantities = Quantities()
    stops: StopCounts = StopCounts()


def summed(facts: Iterable[Additive]) -> Sums:
    """The sum of all of these facts."""
    total = Sums()
    for one in facts:
        total = Sums(
            _plus(total.time, one.time),
            _plus(total.quantities, one.quantities),
            _plus(total.stops, one.stops),
        )
    return total


def moved(before: Sums, after: Sums) -> dict[str, int]:
    """What differs, by the names of facts."""
    return {
        name: getattr(new, name) - getattr(old, name)
        for old, new in zip(before, after, strict=True)
        for name in type(new).model_fields
        if getattr(old, name) != getattr(new, name)
    }


def _plus(one: Part, other: Part) -> Part:
    kind = type(one)
    names = kind.model_fields
    return kind(**{name: getattr(one, name) + getattr(other, name) for name in names})
