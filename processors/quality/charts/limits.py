"""Control limits: fixed, or from a baseline of values of a process that was in control."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from processors.quality.charts.constants import MOVING, factors


class BaselineError(ValueError):
    """These values give no limits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The centre line and the standard deviation of what is plotted, in its unit."""

    center: float
    sigma: float
    floor: float | None = None
    """What no plotted value can be below: 0 for ranges."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.center) and math.isfinite(self.sigma) and self.sigma > 0):
            told = f"Control limits of centre {self.center} and sigma {self.sigma}"
            raise ValueError(f"{told}: give finite numbers, and a sigma above 0")

    @classmethod
    def between(cls, lcl: float, ucl: float) -> "Limits":
        """Three sigma to each side of the middle.

        Raises:
            ValueError: the upper limit is not above the lower one.
        """
        return cls((lcl + ucl) / 2, (ucl - lcl) / 6)

    @property
    def ucl(self) -> float:
        """Upper control limit: three sigma above the centre."""
        return self.center + 3 * self.sigma

    @property
    def lcl(self) -> float:
        """Lower control limit: three sigma below the centre, or what cannot be gone below."""
        lcl = self.center - 3 * self.sigma
        return lcl if self.floor is None else max(self.floor, lcl)


@dataclass(frozen=True, slots=True)
class IndividualsLimits:
    """Of a chart of single values and moving ranges (I-MR)."""

    individuals: Limits
    ranges: Limits


@dataclass(frozen=True, slots=True)
class SubgroupLimits:
    """Of a chart of means and ranges (X̄-R)."""

    means: Limits
    ranges: Limits
    size: int
    """Values in each subgroup."""


def individuals_limits(baseline: Sequence[float]) -> IndividualsLimits:
    """I-MR from values in their order: x̄ ± 3 MR̄ / 1.128, and MR̄ with D4 = 3.267.

    Raises:
        BaselineError: less than two values, or all are equal.
    """
    if len(baseline) <= 1:
        raise BaselineError(f"{_values(len(baseline))}: moving ranges take at least 2")
    mean_range = fmean(moving_ranges(baseline))
    _varies(mean_range, len(baseline))
    center = fmean(baseline)
    return IndividualsLimits(
        Limits(center, mean_range / MOVING.d2), _range_limits(mean_range, MOVING.upper)
    )


def subgroup_limits(baseline: Sequence[Sequence[float]]) -> SubgroupLimits:
    """X̄-R from subgroups of one size: the mean of means ± A2 R̄, and R̄ with D3 and D4.

    Raises:
        BaselineError: no subgroup, or all values of each are equal, or sizes differ.
        ValueError: there are no factors for this size.
    """
    sizes = sorted({len(subgroup) for subgroup in baseline})
    if len(sizes) > 1:
        told = f"A baseline of subgroups of {sizes} values gives no limits"
        raise BaselineError(f"{told}: give subgroups of one size")
    if not sizes:
        raise BaselineError(f"{_values(0)}: it takes at least one subgroup")
    means, ranges = map(fmean, baseline), map(range_of, baseline)
    return summary_limits(list(means), list(ranges), sizes[0])


def summary_limits(means: Sequence[float], ranges: Sequence[float], size: int) -> SubgroupLimits:
    """X̄-R from the mean and the range of each subgroup, where single values were not kept.

    Raises:
        BaselineError: all ranges are 0.
        ValueError: there are no factors for this size.
    """
    known, mean_range = factors(size), fmean(ranges)
    _varies(mean_range, size * len(ranges))
    limits = Limits(fmean(means), known.a2 * mean_range / 3)
    return SubgroupLimits(limits, _range_limits(mean_range, known.upper), size)


def fixed_individuals(center: float, sigma: float) -> IndividualsLimits:
    """I-MR for a process whose mean and standard deviation are declared."""
    ranges = _range_limits(MOVING.d2 * sigma, MOVING.upper)
    return IndividualsLimits(Limits(center, sigma), ranges)


def fixed_subgroups(center: float, sigma: float, size: int) -> SubgroupLimits:
    """X̄-R for a process whose mean and standard deviation of single values are declared.

    Raises:
        ValueError: there are no factors for this size.
    """
    known = factors(size)
    means = Limits(center, sigma / math.sqrt(size))
    return SubgroupLimits(means, _range_limits(known.d2 * sigma, known.upper), size)


def moving_ranges(values: Sequence[float]) -> list[float]:
    """How far each value is from the one before."""
    return [abs(after - before) for before, after in pairwise(values)]


def range_of(subgroup: Sequence[float]) -> float:
    """The largest value less the smallest."""
    return max(subgroup) - min(subgroup)


def _range_limits(mean_range: float, upper_factor: float) -> Limits:
    return Limits(mean_range, mean_range * (upper_factor - 1) / 3, floor=0.0)


def _varies(mean_range: float, values: int) -> None:
    if not mean_range > 0 or not math.isfinite(mean_range):
        told = f"{_values(values)}: they do not vary, or are no numbers"
        raise BaselineError(f"{told}; check the resolution of the instrument, or give fixed limits")


def _values(count: int) -> str:
    return f"A baseline of {count} value(s) gives no limits"
