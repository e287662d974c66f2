"""What is remembered of a chart, and how it goes on."""

import json
import math

import pytest

from processors.quality.charts.chart import (
    Plotted,
    Point,
    Violation,
    distance,
    dump,
    load,
    observe,
    rejudge,
    restarted,
)
from processors.quality.charts.limits import Limits
from processors.quality.charts.rules import REACH, Rule
from tests.processors.quality.charts.published import chart, points

ONE = Limits(0, 1)


def test_a_violation_says_rule_points_source_and_what_was_plotted() -> None:
    _, found = observe(chart(ONE, Rule.NELSON_1, plotted=Plotted.MEANS), Point("lot 7", 3.5))
    assert found == (Violation(Rule.NELSON_1, Plotted.MEANS, ("lot 7",)),)
    assert found[0].source == "Nelson 1984, test 1"


def test_rules_that_were_not_asked_for_are_silent() -> None:
    _, found = rejudge(chart(ONE, Rule.NELSON_2), points([5.0, 5.0, 5.0]))
    assert found == ()


def test_a_point_may_complete_several_rules_which_come_in_their_order() -> None:
    _, found = rejudge(chart(ONE), points([2.5, 3.5]))
    assert [one.rule for one in found] == [
        *(Rule.NELSON_1, Rule.NELSON_5),
        *(Rule.WESTERN_ELECTRIC_1, Rule.WESTERN_ELECTRIC_2),
    ]


def test_only_the_last_points_are_remembered() -> None:
    state, _ = rejudge(chart(ONE), points([0.5] * 40))
    assert [seen.key for seen in state.recent] == [str(key) for key in range(26, 41)]
    assert len(state.recent) == REACH


def test_a_value_on_a_line_is_on_it_although_floats_are_not_exact() -> None:
    limits = Limits(0.1, 0.1)
    assert (0.4 - limits.center) / limits.sigma > 3
    assert distance(limits, 0.4) == 3


def test_after_a_restart_runs_begin_anew() -> None:
    state, _ = rejudge(chart(ONE, Rule.NELSON_2), points([0.5] * 8))
    state, found = rejudge(restarted(state), points([0.5] * 8))
    assert found == ()
    assert observe(state, Point("9", 0.5))[1] != ()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be plotted: leave values out"):
        observe(chart(ONE), Point("1", value))


def test_the_farthest_values_still_make_json() -> None:
    state, found = observe(chart(Limits(0, 5e-324), Rule.NELSON_1), Point("1", 1e308))
    assert len(found) == 1
    assert load(dump(state)) == state


def test_the_state_is_small_plain_json() -> None:
    state, _ = rejudge(
        chart(Limits(2, 0.5, floor=0), Rule.NELSON_2, Rule.NELSON_1), points([2.25, 1.5])
    )
    assert json.loads(dump(state)) == [
        "individuals",
        [2, 0.5, 0],
        ["nelson_1", "nelson_2"],
        [["1", 0.5], ["2", -1.0]],
    ]
    assert load(dump(state)) == state


def test_a_corrected_point_takes_its_violations_back_and_gives_others() -> None:
    wrong, right = points([0.0, 3.5, 2.5]), points([0.0, 0.5, 2.5])
    assert [one.points for one in rejudge(chart(ONE, Rule.NELSON_1), wrong)[1]] == [("2",)]
    assert rejudge(chart(ONE, Rule.NELSON_1), right)[1] == ()


def test_only_what_is_asked_for_is_told_again() -> None:
    _, found = rejudge(chart(ONE, Rule.NELSON_1), points([4.0, 4.0, 4.0]), since=2)
    assert [one.points for one in found] == [("3",)]
