"""What is kept of many cycles: whole numbers that add up, over time and over machines."""

from dataclasses import dataclass, field
from decimal import Decimal

from processors.cycles.sketch import Sketch, bucket_of, merged
from schemas.record import LARGEST_COUNT

MOST_UNITS = 10**12
MOST_IDEAL_US = 10 * 366 * 24 * 3600 * 1_000_000
"""Of one event: ten years of ideal cycles are a counter that jumped."""
_US_PER_MS = 1000


@dataclass(frozen=True, slots=True)
class Sums:
    """Cycles, without the order in which they happened."""

    cycles: int = 0
    total_ms: int = 0
    squares_ms2: int = 0
    shortest_ms: int = 0
    longest_ms: int = 0
    slow: int = 0
    ideal_us: int = 0
    """Sum of the ideal cycles of those that have one."""
    no_ideal: int = 0
    """Cycles without a known ideal one."""
    sketch: Sketch = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a cycle is measured by, in microseconds; None: nobody knows the ideal one."""

    ideal_us: int | None = None
    slow_above_us: int | None = None

    @classmethod
    def of(cls, ideal_us: int | None, slow_cycle: Decimal) -> "Yardstick":
        """Slow is longer than the ideal cycle times `slow_cycle`."""
        return cls() if ideal_us is None else cls(ideal_us, int(ideal_us * slow_cycle))


def cycles_of(units: int, total_ms: int, yardstick: Yardstick) -> Sums:
    """So many cycles of equal length that took so long together.

    Where the total does not divide, some are 1 ms longer than the others: sums stay exact.
    """
    length, longer = divmod(total_ms, units)
    found = _alike(units - longer, length, yardstick)
    return together(found, _alike(longer, length + 1, yardstick)) if longer else found


def is_possible(units: int, ideal_us: int) -> bool:
    """Whether one event can have told of so many units, with ideal cycles of so long in all."""
    return units <= MOST_UNITS and ideal_us <= MOST_IDEAL_US


def fits(sums: Sums) -> bool:
    """Whether a record holds them."""
    return max(sums.cycles, sums.total_ms, sums.squares_ms2, sums.ideal_us) <= LARGEST_COUNT


def together(one: Sums, other: Sums) -> Sums:
    """The cycles of both."""
    if not one.cycles or not other.cycles:
        return one if one.cycles else other
    return Sums(
        cycles=one.cycles + other.cycles,
        total_ms=one.total_ms + other.total_ms,
        squares_ms2=one.squares_ms2 + other.squares_ms2,
        shortest_ms=min(one.shortest_ms, other.shortest_ms),
        longest_ms=max(one.longest_ms, other.longest_ms),
        slow=one.slow + other.slow,
        ideal_us=one.ideal_us + other.ideal_us,
        no_ideal=one.no_ideal + other.no_ideal,
        sketch=merged(one.sketch, other.sketch),
    )


def _alike(units: int, length_ms: int, yardstick: Yardstick) -> Sums:
    limit = yardstick.slow_above_us
    return Sums(
        cycles=units,
        total_ms=units * length_ms,
        squares_ms2=units * length_ms * length_ms,
        shortest_ms=length_ms,
        longest_ms=length_ms,
        slow=units if limit is not None and length_ms * _US_PER_MS > limit else 0,
        ideal_us=units * (yardstick.ideal_us or 0),
        no_ideal=units if yardstick.ideal_us is None else 0,
        sketch={bucket_of(length_ms): units},
    )
