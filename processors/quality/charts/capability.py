"""Capability and performance: how much of the specification the process needs.

Names as in AIAG, Statistical Process Control, and ISO 22514-2, for normally distributed values: Cp
and Cpk from the variation within subgroups, Pp and Ppk from all variation. Undefined is None.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from processors.quality.charts.constants import MOVING, factors
from processors.quality.charts.limits import moving_ranges, range_of
from schemas.record import LARGEST_NUMBER


@dataclass(frozen=True, slots=True)
class Specification:
    """What is allowed of a characteristic, in its unit; None where a side has no limit."""

    lower: float | None = None
    upper: float | None = None

    def __post_init__(self) -> None:
        given = [limit for limit in (self.lower, self.upper) if limit is not None]
        if not all(map(math.isfinite, given)) or given != sorted(set(given)):
            told = f"A specification from {self.lower} to {self.upper}"
            raise ValueError(f"{told}: give finite limits, the lower one below the upper one")


class Indices(NamedTuple):
    """Of one estimate of sigma."""

    potential: float | None
    """Cp or Pp: (upper - lower) / 6 sigma; None with one limit only."""
    lower: float | None
    """CPL or PPL: (mean - lower) / 3 sigma."""
    upper: float | None
    """CPU or PPU: (upper - mean) / 3 sigma."""

    @property
    def actual(self) -> float | None:
        """Cpk or Ppk: the smaller one of those of both sides."""
        return min((side for side in (self.lower, self.upper) if side is not None), default=None)


@dataclass(frozen=True, slots=True)
class Capability:
    """Of one characteristic."""

    values: int
    mean: float | None
    within_sigma: float | None
    """MR̄ / 1.128, or R̄ / d2."""
    overall_sigma: float | None
    """Standard deviation of the sample of all values."""
    within: Indices
    overall: Indices

    @property
    def cp(self) -> float | None:
        """What could be reached if the process were centred and stable."""
        return self.within.potential

    @property
    def cpk(self) -> float | None:
        """What would be reached if the process were stable."""
        return self.within.actual

    @property
    def pp(self) -> float | None:
        """What would have been reached if the process had been centred."""
        return self.overall.potential

    @property
    def ppk(self) -> float | None:
        """What was reached."""
        return self.overall.actual


def individuals_capability(values: Sequence[float], specification: Specification) -> Capability:
    """Of single values in their order; sigma within is MR̄ / 1.128."""
    within = fmean(moving_ranges(values)) / MOVING.d2 if len(values) > 1 else None
    return _capability(values, within, specification)


def subgroups_capability(
    subgroups: Sequence[Sequence[float]], specification: Specification
) -> Capability:
    """Of subgroups of one size; sigma within is R̄ / d2.

    Raises:
        ValueError: sizes differ, or there are no factors for them.
    """
    values = [value for subgroup in subgroups for value in subgroup]
    if not subgroups:
        return _capability(values, None, specification)
    sizes = sorted({len(subgroup) for subgroup in subgroups})
    if len(sizes) > 1:
        raise ValueError(f"Subgroups of {sizes} values have no one sigma: give those of one size")
    within = fmean(map(range_of, subgroups)) / factors(sizes[0]).d2
    return _capability(values, within, specification)


def indices(mean: float, sigma: float, specification: Specification) -> Indices:
    """Of a process with this mean and standard deviation; None throughout if it does not vary."""
    if not sigma > 0:
        return Indices(None, None, None)
    low, high = specification.lower, specification.upper
    return Indices(
        potential=None if low is None or high is None else _index(high - low, 6 * sigma),
        lower=None if low is None else _index(mean - low, 3 * sigma),
        upper=None if high is None else _index(high - mean, 3 * sigma),
    )


def _index(distance: float, width: float) -> float | None:
    """None beyond what can be reckoned with: it does not vary, or hardly."""
    found = distance / width if width > 0 else math.inf
    return found if abs(found) <= LARGEST_NUMBER else None


def interval(
    actual: float | None, values: int, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Between which bounds Cpk or Ppk lies, approximately.

    Bissell, A. F.: How Reliable is Your Capability Index? Applied Statistics 39 (1990), 331-340:
    Cpk (1 ± z sqrt(1 / (9 n Cpk²) + 1 / (2 (n - 1)))). None without an index or with one value.
    """
    if actual is None or values <= 1:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    half = z * math.sqrt(1 / (9 * values) + actual**2 / (2 * (values - 1)))
    return actual - half, actual + half


def _capability(
    values: Sequence[float], within: float | None, specification: Specification
) -> Capability:
    mean = fmean(values) if values else None
    overall = stdev(values) if len(values) > 1 else None
    return Capability(
        values=len(values),
        mean=mean,
        within_sigma=within,
        overall_sigma=overall,
        within=_indices(mean, within, specification),
        overall=_indices(mean, overall, specification),
    )


def _indices(mean: float | None, sigma: float | None, specification: Specification) -> Indices:
    if mean is None or sigma is None:
        return Indices(None, None, None)
    return indices(mean, sigma, specification)
