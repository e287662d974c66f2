"""Figures of cycles against the textbook."""

import statistics
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from processors.cycles.statistics import (
    deviation_ms,
    drift,
    mean_ms,
    quantile_ms,
    slow_share,
    takt_attainment,
    takt_s,
)
from processors.cycles.sums import Sums, Yardstick, cycles_of, together

SECOND = Yardstick.of(1_000_000, Decimal("1.5"))


def sums_of(*cycles: int, yardstick: Yardstick = SECOND) -> Sums:
    sums = Sums()
    for one in cycles:
        sums = together(sums, cycles_of(1, one, yardstick))
    return sums


@given(st.lists(st.integers(0, 10_000_000), min_size=2, max_size=50))
def test_mean_and_deviation_are_those_of_the_textbook(cycles: list[int]) -> None:
    sums = sums_of(*cycles)
    assert mean_ms(sums) == pytest.approx(statistics.fmean(cycles))
    assert deviation_ms(sums) == pytest.approx(statistics.stdev(cycles), rel=1e-9)


def test_deviation_of_long_cycles_that_hardly_differ_is_exact() -> None:
    assert deviation_ms(sums_of(10**9, 10**9 + 1, 10**9 + 2)) == 1.0


@given(st.integers(1, 500), st.integers(0, 10**7))
def test_units_counted_at_once_share_the_time_to_the_millisecond(units: int, total: int) -> None:
    sums = cycles_of(units, total, SECOND)
    assert (sums.cycles, sums.total_ms, sum(sums.sketch.values())) == (units, total, units)
    assert sums.longest_ms - sums.shortest_ms <= 1
    assert sums.cycles * sums.squares_ms2 >= sums.total_ms**2


@given(st.lists(st.integers(0, 10**6), max_size=30), st.integers(0, 30))
def test_sums_add_up_however_they_are_split(cycles: list[int], cut: int) -> None:
    parts = together(sums_of(*cycles[cut:]), sums_of(*cycles[:cut]))
    assert parts == sums_of(*cycles)


def test_drift_is_how_much_slower_than_ideal() -> None:
    assert drift(sums_of(1_000, 1_200)) == pytest.approx(0.1)


def test_drift_is_undefined_while_one_cycle_has_no_ideal() -> None:
    unknown = Yardstick.of(None, Decimal(2))
    assert drift(together(sums_of(1_000), sums_of(1_000, yardstick=unknown))) is None


@pytest.mark.parametrize(
    ("length", "slow"),
    [
        pytest.param(1_500, 0, id="exactly 1.5 times the ideal one is not slow"),
        pytest.param(1_501, 1, id="a millisecond more is"),
    ],
)
def test_slow_is_longer_than_the_factor_allows(length: int, slow: int) -> None:
    assert sums_of(length).slow == slow


def test_the_share_of_slow_cycles_leaves_out_those_that_nobody_can_judge() -> None:
    unknown = sums_of(9_000, yardstick=Yardstick())
    assert slow_share(together(sums_of(1_000, 2_000), unknown)) == 0.5


def test_takt_is_planned_time_over_demand() -> None:
    takt = takt_s(timedelta(hours=7, minutes=30), Decimal(450))
    assert takt == 60.0
    assert takt_attainment(sums_of(50_000), takt) == pytest.approx(1.2)


def test_quantiles_never_leave_what_was_seen() -> None:
    assert quantile_ms(sums_of(1_000), 0.5) == 1_000


def test_of_nothing_there_are_no_figures() -> None:
    none = Sums()
    figures = (mean_ms(none), deviation_ms(none), quantile_ms(none, 0.5), drift(none))
    assert figures == (None, None, None, None)
    assert slow_share(none) is None
    assert takt_s(timedelta(hours=8), None) is None
    assert takt_attainment(none, 60.0) is None
