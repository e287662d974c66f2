"""The factors are what ranges of normally distributed values give."""

import math
from itertools import accumulate

import pytest

from processors.quality.charts.constants import FACTORS, factors

STEP = 0.05
GRID = [STEP * index for index in range(-140, 141)]
BELOW = [0.5 * (1 + math.erf(x / math.sqrt(2))) for x in GRID]


def moments(size: int) -> tuple[float, float]:
    """Mean and standard deviation of the range of n standard normal values (Tippett 1925).

    E W = ∫ 1 - F^n - (1 - F)^n dx, and
    E W² = 2 ∫∫ 1 - F(y)^n - (1 - F(x))^n + (F(y) - F(x))^n dx dy over x < y.
    """
    mean = STEP * sum(1 - f**size - (1 - f) ** size for f in BELOW)
    rows = (
        sum(_joint(low, high, size) for low in BELOW[:index]) + _joint(high, high, size) / 2
        for index, high in enumerate(BELOW)
    )
    square = 2 * STEP**2 * list(accumulate(rows))[-1]
    return mean, math.sqrt(square - mean**2)


def _joint(low: float, high: float, size: int) -> float:
    return 1 - high**size - (1 - low) ** size + (high - low) ** size


@pytest.mark.parametrize("size", FACTORS)
def test_factors_are_what_the_distribution_of_the_range_gives_to_three_decimals(size: int) -> None:
    d2, d3 = moments(size)
    known = factors(size)
    assert known.d2 == pytest.approx(d2, abs=6e-4)
    assert known.a2 == pytest.approx(3 / (d2 * math.sqrt(size)), abs=6e-4)
    assert known.lower == pytest.approx(max(0, 1 - 3 * d3 / d2), abs=1e-3)
    assert known.upper == pytest.approx(1 + 3 * d3 / d2, abs=1e-3)


@pytest.mark.parametrize("size", [1, 11])
def test_other_sizes_are_refused_with_what_to_do(size: int) -> None:
    with pytest.raises(ValueError, match=f"2 to 10 values, not of {size}: chart single values"):
        factors(size)
