"""Capability and performance against published figures."""

import math
from statistics import fmean, stdev

import pytest

from processors.quality.charts.capability import (
    Indices,
    Specification,
    indices,
    individuals_capability,
    interval,
    subgroups_capability,
)
from tests.processors.quality.charts.published import FLOW, RINGS, VOLT_RANGES, YIELDS

RING = Specification(73.95, 74.05)
NOTHING = Indices(None, None, None)


def test_indices_are_those_of_the_nist_handbook() -> None:
    """NIST/SEMATECH e-Handbook 6.1.6: limits 8 and 20, mean 16, s 2: 1.0, 1.3333, 0.6667."""
    found = indices(16, 2, Specification(8, 20))
    assert found.potential == 1.0
    assert (found.lower, found.upper) == pytest.approx((1.3333, 0.6667), abs=5e-5)
    assert found.actual == found.upper


def test_capability_is_that_of_montgomerys_piston_rings() -> None:
    """As qcc 3.0 prints it: Cp 1.703, Cpl 1.743, Cpu 1.663, Cpk 1.663 from 1.448 to 1.878."""
    found = subgroups_capability(RINGS[:25], RING)
    assert found.within_sigma == pytest.approx(0.009785039, abs=5e-10)
    assert found.cp == pytest.approx(1.703, abs=5e-4)
    assert found.within.lower == pytest.approx(1.743, abs=5e-4)
    assert found.cpk == found.within.upper == pytest.approx(1.663, abs=5e-4)
    assert interval(found.cpk, found.values) == pytest.approx((1.448, 1.878), abs=5e-4)


@pytest.mark.parametrize(
    ("specification", "cp", "cpk"),
    [
        pytest.param(Specification(73.99, 74.01), 0.341, 0.301, id="narrow"),
        pytest.param(Specification(73.99, 74.1), 1.874, 0.381, id="off centre"),
    ],
)
def test_capability_for_other_specifications_is_that_of_qcc(
    specification: Specification, cp: float, cpk: float
) -> None:
    found = subgroups_capability(RINGS[:25], specification)
    assert (found.cp, found.cpk) == pytest.approx((cp, cpk), abs=5e-4)


def test_capability_of_rounded_figures_is_that_of_the_book() -> None:
    """Montgomery, 3rd ed.: sigma 0.0099, specification 74.000 ± 0.05: Cp 1.68."""
    assert indices(74.001, 0.0099, RING).potential == pytest.approx(1.68, abs=5e-3)


def test_sigma_of_ranges_is_that_of_montgomerys_power_supplies() -> None:
    """Montgomery, 6th ed., exercise 6.4: R̄ 6.25 of 4 values, sigma 3.0355; ± 50: Cp 5.49."""
    subgroups = [[0, 0, 0, one] for one in VOLT_RANGES]
    found = subgroups_capability(subgroups, Specification(-50, 50))
    assert found.within_sigma == pytest.approx(3.0355, abs=5e-5)
    assert found.cp == pytest.approx(5.49, abs=5e-3)


def test_single_values_have_the_sigma_of_their_moving_ranges() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.2: MR̄ 1.8778."""
    found = individuals_capability(FLOW, Specification(45, 56))
    assert found.within_sigma == pytest.approx(1.8778 / 1.128, abs=5e-5)
    assert found.cp == pytest.approx(11 / (6 * 1.8778 / 1.128), rel=1e-4)


def test_performance_is_of_all_variation() -> None:
    """NIST/SEMATECH e-Handbook 6.4.4.9 gives the variance of series F as 141.8238."""
    found = individuals_capability(YIELDS, Specification(20, 80))
    assert found.overall_sigma == pytest.approx(math.sqrt(141.8238), abs=5e-6)
    assert found.pp == pytest.approx(60 / (6 * stdev(YIELDS)))
    assert found.ppk == pytest.approx((fmean(YIELDS) - 20) / (3 * stdev(YIELDS)), abs=0.1)
    assert found.ppk == min(found.overall.lower or 0, found.overall.upper or 0)


def test_one_limit_gives_the_index_of_its_side_only() -> None:
    upper = individuals_capability(FLOW, Specification(upper=56))
    assert (upper.cp, upper.pp) == (None, None)
    assert upper.cpk == upper.within.upper
    lower = individuals_capability(FLOW, Specification(lower=45))
    assert (lower.cpk, lower.within.upper) == (lower.within.lower, None)


def test_no_limit_gives_no_index() -> None:
    found = individuals_capability(FLOW, Specification())
    assert (found.within, found.overall) == (NOTHING, NOTHING)
    assert (found.cpk, found.ppk) == (None, None)
    assert found.overall_sigma is not None


def test_a_mean_outside_the_specification_has_a_negative_index() -> None:
    assert indices(12, 1, Specification(0, 9)).actual == -1.0


@pytest.mark.parametrize("values", [[], [5.0], [5.0, 5.0], [0.1] * 3])
def test_too_few_values_or_no_variation_give_no_index(values: list[float]) -> None:
    found = individuals_capability(values, Specification(0, 10))
    assert (found.cp, found.cpk, found.pp, found.ppk) == (None, None, None, None)


def test_no_subgroups_give_no_index() -> None:
    assert subgroups_capability([], RING).mean is None


def test_subgroups_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[2, 3\] values"):
        subgroups_capability([[1, 2], [1, 2, 3]], RING)


@pytest.mark.parametrize("limits", [(5, 5), (6, 5), (math.nan, 5), (0, math.inf)])
def test_a_specification_that_allows_nothing_is_refused(limits: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="the lower one below the upper one"):
        Specification(*limits)


@pytest.mark.parametrize(("index", "values"), [(None, 100), (1.0, 1)])
def test_without_an_index_there_is_no_interval(index: float | None, values: int) -> None:
    assert interval(index, values) is None
