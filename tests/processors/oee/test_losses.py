"""Losses and further ratios: known cases, and the law that nothing of planned time is left over."""

from dataclasses import asdict

import pytest
from hypothesis import given, strategies as st

from processors.oee.losses import calendar_ms, further_ratios, in_units, losses
from processors.ratios import planned_busy_ms, ratios
from schemas.kpi import Quantities, StopCounts, TimeElements

MINUTE = 60_000
amounts = st.integers(-(10**9), 10**12)
times = st.builds(
    TimeElements,
    **{name: amounts for name in TimeElements.model_fields if name != "no_ideal_ms"},
)
quantities = st.builds(
    Quantities,
    **{name: amounts for name in Quantities.model_fields if name != "no_ideal_parts"},
)

SHIFT = (
    TimeElements(
        running_ms=373 * MINUTE, unplanned_stop_ms=47 * MINUTE, planned_stop_ms=60 * MINUTE
    ),
    Quantities(
        good=18_848, scrap=423, ideal_us=19_271 * 1_000_000, ideal_good_us=18_848 * 1_000_000
    ),
)
SIX_LOSSES = (
    TimeElements(running_ms=400 * MINUTE, unplanned_stop_ms=50 * MINUTE, setup_ms=30 * MINUTE),
    Quantities(
        good=600,
        scrap=100,
        startup_scrap=40,
        ideal_us=700 * 30_000_000,
        ideal_good_us=600 * 30_000_000,
        ideal_startup_us=40 * 30_000_000,
    ),
)


@given(times, quantities)
def test_losses_and_the_ideal_time_of_good_parts_are_all_of_planned_time(
    time: TimeElements, parts: Quantities
):
    found = asdict(losses(time, parts))

    assert sum(found.values()) + parts.ideal_good_us == 1000 * planned_busy_ms(time)


@given(times)
def test_calendar_time_is_every_category_once(time: TimeElements):
    parts_of_others = {"excluded_unknown_ms", "producing_setup_ms", "no_ideal_ms"}

    assert calendar_ms(time) == sum(
        amount for name, amount in time.model_dump().items() if name not in parts_of_others
    )


def test_the_six_big_losses():
    found = losses(*SIX_LOSSES)

    assert {name: (us or 0) / 60e6 for name, us in asdict(found).items()} == {
        "breakdown": 50,
        "setup": 30,
        "minor_stops": 0,
        "speed": 50,
        "defects": 30,
        "startup": 20,
        "unknown": 0,
    }
    assert in_units(found.defects, *SIX_LOSSES) == 60
    assert in_units(found.breakdown, *SIX_LOSSES) == 100


def test_ratios_of_a_shift_with_a_break():
    found = further_ratios(*SHIFT, StopCounts(breakdowns=4))

    assert found.teep == 18_848 / 28_800
    assert found.ooe == 18_848 / 28_800
    assert found.nee == ratios(*SHIFT).oee == 18_848 / 25_200
    assert found.utilization_efficiency == 1
    assert (found.mtbf_s, found.mttr_s) == (373 * 60 / 4, 47 * 60 / 4)


def test_setup_that_counts_as_performance_lowers_effectiveness_and_stays_a_loss():
    time, parts = SIX_LOSSES
    producing = time.model_copy(update={"producing_setup_ms": time.setup_ms})

    before, after = ratios(time, parts), ratios(producing, parts)

    assert (after.availability, after.effectiveness) == (430 / 480, 350 / 430)
    assert after.oee == before.oee == 0.625
    assert losses(producing, parts) == losses(time, parts)
    assert further_ratios(producing, parts, StopCounts()).nee == 0.625
    assert further_ratios(time, parts, StopCounts()).nee == pytest.approx(0.625 * 430 / 400)


def test_without_an_ideal_cycle_only_losses_of_availability_are_known():
    time, parts = SIX_LOSSES
    found = losses(time, parts.model_copy(update={"no_ideal_parts": 1}))

    assert (found.speed, found.defects, found.startup) == (None, None, None)
    assert found.breakdown == 50 * 60_000_000
    assert in_units(found.breakdown, time.model_copy(update={"no_ideal_ms": 1}), parts) is None


def test_of_nothing_no_ratio_is_said():
    found = further_ratios(TimeElements(), Quantities(), StopCounts())

    assert set(asdict(found).values()) == {None}
    assert in_units(0, TimeElements(), Quantities()) is None


def test_production_faster_than_ideal_is_a_loss_below_zero():
    time = TimeElements(running_ms=1000)

    assert losses(time, Quantities(good=2, ideal_us=1_500_000, ideal_good_us=1_500_000)).speed == (
        -500_000
    )
