"""I-MR and X̄-R, both charts at once."""

import json

import pytest

from processors.quality.charts.chart import Plotted, Point, in_order
from processors.quality.charts.limits import (
    fixed_individuals,
    fixed_subgroups,
    individuals_limits,
    subgroup_limits,
)
from processors.quality.charts.pairs import (
    Individuals,
    Subgroup,
    Subgroups,
    observe_individual,
    observe_subgroup,
    restart_individuals,
    restart_subgroups,
    start_individuals,
    start_subgroups,
)
from processors.quality.charts.rules import NELSON, WESTERN_ELECTRIC, Rule
from tests.processors.quality.charts.published import RINGS, VISCOSITY, points

LIMIT = frozenset({Rule.NELSON_1})
GROUPS = [Subgroup(str(number), ring) for number, ring in enumerate(RINGS, start=1)]


def test_montgomerys_batch_4_is_beyond_both_charts() -> None:
    """qcc viscosity: batch 4 has the value 35.96 and the moving range 2.37, above 1.87."""
    start = start_individuals(individuals_limits(VISCOSITY[:20]), LIMIT)
    _, found = in_order(observe_individual, start, points(VISCOSITY[:20]))
    told = [(one.plotted, one.points) for one in found]
    assert told == [(Plotted.INDIVIDUALS, ("4",)), (Plotted.MOVING_RANGES, ("4",))]


def test_montgomerys_rings_leave_control_in_their_means_and_not_in_their_ranges() -> None:
    start = start_subgroups(subgroup_limits(RINGS[:25]), LIMIT)
    _, found = in_order(observe_subgroup, start, GROUPS)
    assert [one.points for one in found] == [("37",), ("38",), ("39",)]
    assert {one.plotted for one in found} == {Plotted.MEANS}


def test_a_wide_subgroup_is_told_although_its_mean_is_right() -> None:
    start = start_subgroups(fixed_subgroups(10, 1, 3), LIMIT)
    _, found = observe_subgroup(start, Subgroup("1", [7, 10, 13]))
    assert [one.plotted for one in found] == [Plotted.RANGES]


@pytest.mark.parametrize("rules", [NELSON, WESTERN_ELECTRIC])
def test_ranges_are_judged_by_their_limits_only(rules: frozenset[Rule]) -> None:
    for ranges in (
        start_individuals(fixed_individuals(0, 1), rules).ranges,
        start_subgroups(fixed_subgroups(0, 1, 5), rules).ranges,
    ):
        assert {rule.rsplit("_", 1)[1] for rule in ranges.rules} == {"1"}


def test_a_range_of_nothing_is_within_limits_that_begin_at_0() -> None:
    start = start_subgroups(fixed_subgroups(10, 1, 5), LIMIT)
    assert observe_subgroup(start, Subgroup("1", [10] * 5))[1] == ()


def test_too_small_a_range_is_told_where_there_is_a_lower_limit() -> None:
    start = start_subgroups(fixed_subgroups(10, 1, 10), LIMIT)
    assert len(observe_subgroup(start, Subgroup("1", [10] * 10))[1]) == 1


def test_after_a_restart_there_is_no_range_to_what_was_before() -> None:
    start = start_individuals(fixed_individuals(0, 1), LIMIT)
    before, _ = observe_individual(start, Point("1", -2.5))
    assert len(observe_individual(before, Point("2", 2.5))[1]) == 1
    assert observe_individual(restart_individuals(before), Point("2", 2.5))[1] == ()
    groups = start_subgroups(fixed_subgroups(0, 1, 2))
    assert restart_subgroups(observe_subgroup(groups, Subgroup("1", [0, 1]))[0]) == groups


def test_a_subgroup_of_another_size_is_refused_with_what_to_do() -> None:
    start = start_subgroups(fixed_subgroups(0, 1, 5))
    with pytest.raises(ValueError, match="Subgroup lot 3 has 4 values, its limits are for 5: wait"):
        observe_subgroup(start, Subgroup("lot 3", [1, 2, 3, 4]))


def test_pairs_are_written_down_and_read_again() -> None:
    limits = individuals_limits(VISCOSITY[:20])
    singles, _ = in_order(observe_individual, start_individuals(limits), points(VISCOSITY))
    assert Individuals.load(json.loads(json.dumps(singles.dump()))) == singles
    groups, _ = in_order(observe_subgroup, start_subgroups(subgroup_limits(RINGS)), GROUPS)
    assert Subgroups.load(json.loads(json.dumps(groups.dump()))) == groups
