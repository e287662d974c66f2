"""Figures of cycles, from sums. What is undefined is None, never 0."""

import math
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from processors.cycles import sketch
from processors.cycles.sums import Sums, together
from schemas.cycles import CycleCell

_US_PER_MS = 1000


def of_cells(cells: Iterable[CycleCell]) -> Sums:
    """The cycles of all cells."""
    found = Sums()
    for cell in cells:
        found = together(found, of_cell(cell))
    return found


def of_cell(cell: CycleCell) -> Sums:
    """The cycles of a cell."""
    return Sums(
        cycles=cell.cycles,
        total_ms=cell.total_ms,
        squares_ms2=cell.squares_ms2,
        shortest_ms=cell.shortest_ms,
        longest_ms=cell.longest_ms,
        slow=cell.slow,
        ideal_us=cell.ideal_ms * _US_PER_MS,
        no_ideal=cell.no_ideal,
        sketch={int(bucket): times for bucket, times in cell.sketch.items()},
    )


def mean_ms(sums: Sums) -> float | None:
    """Mean cycle time."""
    return sums.total_ms / sums.cycles if sums.cycles else None


def deviation_ms(sums: Sums) -> float | None:
    """Standard deviation of a sample; None for less than two cycles.

    sqrt((n Σx² - (Σx)²) / (n (n - 1))), in whole numbers up to the division.
    """
    if sums.cycles <= 1:
        return None
    spread = sums.cycles * sums.squares_ms2 - sums.total_ms**2
    return math.sqrt(spread / (sums.cycles * (sums.cycles - 1)))


def quantile_ms(sums: Sums, share: float) -> float | None:
    """The cycle time that this share of the cycles did not exceed, to 1 %."""
    found = sketch.quantile_ms(sums.sketch, share)
    if found is None:
        return None
    return min(float(sums.longest_ms), max(float(sums.shortest_ms), found))


def drift(sums: Sums) -> float | None:
    """By which part cycles are longer than their ideal ones: Σ cycle / Σ ideal - 1.

    0.1 is 10 % slower. None while any of them has no known ideal cycle.
    """
    if sums.no_ideal or not sums.ideal_us:
        return None
    return sums.total_ms * _US_PER_MS / sums.ideal_us - 1


def slow_share(sums: Sums) -> float | None:
    """Slow cycles, as a part of those with a known ideal cycle."""
    judged = sums.cycles - sums.no_ideal
    return sums.slow / judged if judged else None


def takt_s(planned: timedelta, demand: Decimal | None) -> float | None:
    """Seconds in which one unit is wanted: planned time / demand (Rother, Shook: Learning to See).

    None without a demand.
    """
    return planned.total_seconds() / float(demand) if demand else None


def takt_attainment(sums: Sums, takt: float | None) -> float | None:
    """Takt / mean cycle time; below 1 the cycles are too slow for the demand even without stops."""
    mean = mean_ms(sums)
    return takt * _US_PER_MS / mean if takt is not None and mean else None
