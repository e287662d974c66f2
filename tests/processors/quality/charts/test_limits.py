"""Limits against published ones."""

import math
from statistics import fmean

import pytest
from hypothesis import given, strategies as st

from processors.quality.charts.constants import FACTORS
from processors.quality.charts.limits import (
    BaselineError,
    Limits,
    fixed_individuals,
    fixed_subgroups,
    individuals_limits,
    subgroup_limits,
    summary_limits,
)
from tests.processors.quality.charts import published

values = st.lists(st.integers(-1000, 1000), min_size=2, max_size=30)


def test_individuals_are_those_of_the_nist_handbook() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.2, flow rates: 50.81, MR̄ 1.8778, 55.8041 and 45.8159."""
    limits = individuals_limits(published.FLOW)
    assert limits.individuals.center == pytest.approx(50.81)
    assert limits.individuals.ucl == pytest.approx(55.8041, abs=5e-5)
    assert limits.individuals.lcl == pytest.approx(45.8159, abs=5e-5)
    assert limits.ranges.center == pytest.approx(1.8778, abs=5e-5)


def test_individuals_are_those_of_montgomerys_viscosities() -> None:
    """As qcc 3.0 prints them: 34.088, sigma 0.5076521, 32.56504 and 35.61096."""
    limits = individuals_limits(published.VISCOSITY[:20]).individuals
    assert limits.center == pytest.approx(34.088)
    assert limits.sigma == pytest.approx(0.5076521, abs=5e-8)
    assert (limits.lcl, limits.ucl) == pytest.approx((32.56504, 35.61096), abs=5e-6)


def test_individuals_without_the_batch_of_a_known_cause_are_those_of_montgomery() -> None:
    """Batch 4 left out: 33.98947, sigma 0.4117415, 32.75425 and 35.2247 (qcc 3.0)."""
    known = published.VISCOSITY[:20]
    del known[3]
    limits = individuals_limits(known).individuals
    assert (limits.center, limits.sigma) == pytest.approx((33.98947, 0.4117415), abs=5e-6)
    assert (limits.lcl, limits.ucl) == pytest.approx((32.75425, 35.2247), abs=5e-6)


def test_moving_ranges_end_at_d4_times_their_mean() -> None:
    limits = individuals_limits(published.FLOW).ranges
    assert limits.ucl == pytest.approx(3.267 * limits.center)
    assert limits.lcl == 0


def test_means_and_ranges_are_those_of_montgomerys_piston_rings() -> None:
    """Montgomery: 74.001, 74.014 and 73.988; qcc: 74.00118, 0.02276, 74.0143, 73.98805, 0.04812533.

    qcc has factors with more decimals: 2.1145 for 2.114.
    """
    limits = subgroup_limits(published.RINGS[:25])
    assert limits.means.center == pytest.approx(74.00118, abs=5e-6)
    assert (limits.means.lcl, limits.means.ucl) == pytest.approx((73.98805, 74.0143), abs=2e-5)
    assert limits.ranges.center == pytest.approx(0.02276)
    assert limits.ranges.ucl == pytest.approx(0.04812533, rel=5e-4)
    assert limits.ranges.lcl == 0


def test_limits_of_summaries_are_those_of_montgomerys_power_supplies() -> None:
    """Montgomery, 6th ed., exercise 6.4: 10.325, 14.88 and 5.77; ranges 6.25 and 14.26."""
    limits = summary_limits(published.VOLTS, published.VOLT_RANGES, 4)
    assert (limits.means.center, limits.ranges.center) == (10.325, 6.25)
    assert (limits.means.lcl, limits.means.ucl) == pytest.approx((5.77, 14.88), abs=5e-3)
    assert limits.ranges.ucl == pytest.approx(14.26, abs=5e-3)


@pytest.mark.parametrize("size", FACTORS)
def test_ranges_have_the_lower_limit_d3(size: int) -> None:
    limits = fixed_subgroups(0, 1, size).ranges
    assert limits.lcl == pytest.approx(FACTORS[size].lower * limits.center, abs=2e-3)


def test_fixed_limits_are_three_sigma_to_each_side() -> None:
    """SAS/QC, IRCHART with MU0 = 1250 and SIGMA0 = 12."""
    limits = fixed_individuals(1250, 12)
    assert (limits.individuals.lcl, limits.individuals.ucl) == (1214, 1286)
    assert limits.ranges.center == pytest.approx(1.128 * 12)


def test_means_of_n_values_have_limits_narrower_by_the_root_of_n() -> None:
    """SAS/QC, XRCHART with MU0 = 20, SIGMA0 = 2.24 and LIMITN = 5."""
    limits = fixed_subgroups(20, 2.24, 5).means
    assert limits.ucl == pytest.approx(20 + 3 * 2.24 / math.sqrt(5))


def test_limits_may_be_given_as_two_lines() -> None:
    limits = Limits.between(4, 16)
    assert (limits.center, limits.sigma, limits.lcl, limits.ucl) == (10, 2, 4, 16)


@pytest.mark.parametrize(
    ("center", "sigma"), [(0, 0), (0, -1), (math.nan, 1), (0, math.inf), (0, math.nan)]
)
def test_limits_without_a_width_are_refused(center: float, sigma: float) -> None:
    with pytest.raises(ValueError, match="a sigma above 0"):
        Limits(center, sigma)


@pytest.mark.parametrize(
    ("baseline", "told"),
    [
        pytest.param([], "0 value.*at least 2", id="nothing"),
        pytest.param([5.0], "1 value.*at least 2", id="one value"),
        pytest.param([5.0, 5.0, 5.0], "3 value.*do not vary.*resolution", id="no variation"),
        pytest.param([5.0, math.nan], "are no numbers", id="no number"),
    ],
)
def test_a_baseline_that_gives_no_limits_is_told(baseline: list[float], told: str) -> None:
    with pytest.raises(BaselineError, match=told):
        individuals_limits(baseline)


@pytest.mark.parametrize(
    ("baseline", "told"),
    [
        pytest.param([], "at least one subgroup", id="nothing"),
        pytest.param([[1, 2], [1, 2, 3]], r"\[2, 3\] values.*one size", id="two sizes"),
        pytest.param([[1, 1], [2, 2]], "do not vary", id="no variation within"),
        pytest.param([[1], [2]], "not of 1", id="single values"),
    ],
)
def test_subgroups_that_give_no_limits_are_told(baseline: list[list[float]], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        subgroup_limits(baseline)


@given(values, st.sampled_from([0.25, 2, 10]), st.integers(-500, 500))
def test_limits_move_and_stretch_with_the_unit(baseline: list, scale: float, shift: int) -> None:
    try:
        limits = individuals_limits(baseline)
    except BaselineError:
        return
    other = individuals_limits([scale * value + shift for value in baseline])
    assert other.individuals.ucl == pytest.approx(scale * limits.individuals.ucl + shift)
    assert other.individuals.lcl == pytest.approx(scale * limits.individuals.lcl + shift)
    assert other.ranges.ucl == pytest.approx(scale * limits.ranges.ucl)


@given(st.lists(st.permutations([1.0, 4.0, 6.0]), min_size=1, max_size=5))
def test_the_order_within_subgroups_changes_no_limit(baseline: list[list[float]]) -> None:
    limits = subgroup_limits(baseline)
    assert limits.ranges.center == 5
    assert limits.means.center == pytest.approx(fmean([1.0, 4.0, 6.0]))
