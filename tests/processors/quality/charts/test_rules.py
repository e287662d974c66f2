"""Each rule with two published series that fire it, and with series that just do not."""

from collections.abc import Callable, Sequence
from math import copysign
from statistics import fmean

import pytest

from processors.quality.charts.limits import (
    Limits,
    fixed_individuals,
    fixed_subgroups,
    individuals_limits,
    subgroup_limits,
    summary_limits,
)
from processors.quality.charts.rules import NELSON, WESTERN_ELECTRIC, Rule
from tests.processors.quality.charts.published import (
    ENGINES,
    ERUPTIONS,
    FLOW,
    GAP_RANGES,
    GAPS,
    LATER_ERUPTIONS,
    OFFSETS,
    RINGS,
    SUNSPOTS,
    VISCOSITY,
    WAITING,
    YIELDS,
    by,
    judged,
    signals,
)

ONE = Limits(0, 1)
RING_MEANS = [fmean(ring) for ring in RINGS]
RING_LIMITS = subgroup_limits(RINGS[:25]).means
BATCHES = VISCOSITY[4:]
"""From batch 5 on: the cause of batch 4 was found."""
BATCH_LIMITS = individuals_limits(VISCOSITY[:3] + VISCOSITY[4:20]).individuals
GAP_LIMITS = summary_limits(GAPS, GAP_RANGES, 5).means
OFFSET_LIMITS = fixed_subgroups(20, 2.24, 5).means
ENGINE_LIMITS = individuals_limits(ENGINES).individuals
SUNSPOT_LIMITS = fixed_individuals(46.93, 37.37).individuals
YIELD_LIMITS = individuals_limits(YIELDS).individuals
ERUPTION_LIMITS = fixed_individuals(3.488, 1.141).individuals
"""Mean and standard deviation of all 272."""
PAIRS = by(2, WAITING)
"""A short and a long time in most: ranges tell of both, means of neither."""
PAIR_MEANS = [fmean(pair) for pair in PAIRS]
PAIR_LIMITS = subgroup_limits(PAIRS).means

FIRES = [
    pytest.param(Rule.NELSON_1, RING_LIMITS, RING_MEANS, 37, id="N1 rings (Montgomery)"),
    pytest.param(Rule.NELSON_1, ENGINE_LIMITS, ENGINES, 22, id="N1 engine 1732 (SAS/QC)"),
    pytest.param(Rule.NELSON_2, BATCH_LIMITS, BATCHES, 29, id="N2 batch 33 (Montgomery)"),
    pytest.param(Rule.NELSON_2, SUNSPOT_LIMITS, SUNSPOTS, 33, id="N2 1802 (Box, Jenkins)"),
    pytest.param(Rule.NELSON_3, OFFSET_LIMITS, OFFSETS, 18, id="N3 offsets (SAS/QC)"),
    pytest.param(Rule.NELSON_3, SUNSPOT_LIMITS, SUNSPOTS, 6, id="N3 1775 (Box, Jenkins)"),
    pytest.param(Rule.NELSON_4, YIELD_LIMITS, YIELDS, 41, id="N4 yields (Box, Jenkins)"),
    pytest.param(Rule.NELSON_4, ERUPTION_LIMITS, LATER_ERUPTIONS, 15, id="N4 geyser (Härdle)"),
    pytest.param(Rule.NELSON_5, GAP_LIMITS, GAPS, 14, id="N5 gaps (SAS/QC)"),
    pytest.param(Rule.NELSON_5, RING_LIMITS, RING_MEANS, 35, id="N5 rings (Montgomery)"),
    pytest.param(Rule.NELSON_6, RING_LIMITS, RING_MEANS, 35, id="N6 rings (Montgomery)"),
    pytest.param(Rule.NELSON_6, OFFSET_LIMITS, OFFSETS, 30, id="N6 offsets (SAS/QC)"),
    pytest.param(Rule.NELSON_7, YIELD_LIMITS, YIELDS, 54, id="N7 yields (Box, Jenkins)"),
    pytest.param(Rule.NELSON_7, PAIR_LIMITS, PAIR_MEANS, 41, id="N7 geyser (Härdle)"),
    pytest.param(Rule.NELSON_8, BATCH_LIMITS, BATCHES, 26, id="N8 batch 30 (Montgomery)"),
    pytest.param(Rule.NELSON_8, ERUPTION_LIMITS, ERUPTIONS, 11, id="N8 geyser (Härdle)"),
    pytest.param(Rule.WESTERN_ELECTRIC_1, RING_LIMITS, RING_MEANS, 37, id="W1 rings (Montgomery)"),
    pytest.param(Rule.WESTERN_ELECTRIC_1, OFFSET_LIMITS, OFFSETS, 8, id="W1 offsets (SAS/QC)"),
    pytest.param(Rule.WESTERN_ELECTRIC_2, GAP_LIMITS, GAPS, 14, id="W2 gaps (SAS/QC)"),
    pytest.param(Rule.WESTERN_ELECTRIC_2, RING_LIMITS, RING_MEANS, 35, id="W2 rings (Montgomery)"),
    pytest.param(Rule.WESTERN_ELECTRIC_3, OFFSET_LIMITS, OFFSETS, 30, id="W3 offsets (SAS/QC)"),
    pytest.param(Rule.WESTERN_ELECTRIC_3, RING_LIMITS, RING_MEANS, 35, id="W3 rings (Montgomery)"),
    pytest.param(Rule.WESTERN_ELECTRIC_4, BATCH_LIMITS, BATCHES, 28, id="W4 batch 32 (Montgomery)"),
    pytest.param(Rule.WESTERN_ELECTRIC_4, ENGINE_LIMITS, ENGINES, 17, id="W4 engines (SAS/QC)"),
]

Almost = Callable[[Limits, float, float], float]


def on_line(sigmas: float) -> Almost:
    """On the line, on the side of the newest point."""
    return lambda limits, _, newest: (
        limits.center + copysign(sigmas, newest - limits.center) * limits.sigma
    )


ALMOST: dict[Rule, Almost] = {
    Rule.NELSON_1: on_line(3),
    Rule.NELSON_2: on_line(0),
    Rule.NELSON_3: lambda _, before, __: before,
    Rule.NELSON_4: lambda _, before, __: before,
    Rule.NELSON_5: on_line(2),
    Rule.NELSON_6: on_line(1),
    Rule.NELSON_7: on_line(1 + 1e-6),
    Rule.NELSON_8: on_line(1),
    Rule.WESTERN_ELECTRIC_1: on_line(3),
    Rule.WESTERN_ELECTRIC_2: on_line(2),
    Rule.WESTERN_ELECTRIC_3: on_line(1),
    Rule.WESTERN_ELECTRIC_4: on_line(0),
}
"""Where the newest point would have had to be for the rule just not to fire."""


@pytest.mark.parametrize(("rule", "limits", "values", "at"), FIRES)
def test_a_published_series_fires_the_rule_at_its_point_and_not_before(
    rule: Rule, limits: Limits, values: Sequence[float], at: int
) -> None:
    assert signals(limits, values, rule)[0] == at


@pytest.mark.parametrize(("rule", "limits", "values", "at"), FIRES)
def test_with_its_last_point_on_the_line_the_series_just_does_not_fire_it(
    rule: Rule, limits: Limits, values: Sequence[float], at: int
) -> None:
    before, newest = values[at - 2], values[at - 1]
    moved = [*values[: at - 1], ALMOST[rule](limits, before, newest)]
    assert signals(limits, moved, rule) == []


def test_each_rule_has_two_published_series() -> None:
    rules = [fires.values[0] for fires in FIRES]
    assert {rule: rules.count(rule) for rule in Rule} == dict.fromkeys(Rule, 2)


def test_piston_rings_are_out_of_control_where_montgomery_says() -> None:
    """Montgomery: in control until the mean of the 37th sample is plotted."""
    assert signals(RING_LIMITS, RING_MEANS, Rule.NELSON_1) == [37, 38, 39]


def test_gaps_fail_test_5_at_sample_14_and_no_other_of_the_first_five() -> None:
    """SAS/QC: "Test 5 was positive at sample 14" of tests 1 to 5."""
    tested = {found.rule: found.points for found in judged(GAP_LIMITS, GAPS, *sorted(NELSON)[:5])}
    assert tested == {Rule.NELSON_5: ("13", "14")}


def test_flow_rates_are_in_control() -> None:
    """NIST/SEMATECH e-Handbook 6.3.2.2: none of the points falls outside of the limits."""
    assert judged(individuals_limits(FLOW).individuals, FLOW) == ()


def test_viscosity_of_batch_4_is_out_of_control() -> None:
    """Montgomery: batch 4 exceeds the upper limit."""
    limits = individuals_limits(VISCOSITY[:20]).individuals
    assert signals(limits, VISCOSITY[:20], Rule.NELSON_1) == [4]


def test_eight_engines_on_one_side_are_enough_for_western_electric_and_not_for_nelson() -> None:
    assert signals(ENGINE_LIMITS, ENGINES, Rule.WESTERN_ELECTRIC_4) == [17]
    assert signals(ENGINE_LIMITS, ENGINES, Rule.NELSON_2) == []


ZIGZAG = [0.0, 1.0] * 7
MIXED = [1.1, -1.1] * 4


@pytest.mark.parametrize(
    ("rule", "fires", "just_not"),
    [
        pytest.param(Rule.NELSON_1, [3.001], [3.0], id="N1 on the limit is not beyond it"),
        pytest.param(Rule.NELSON_1, [-3.001], [-3.0], id="N1 below"),
        pytest.param(Rule.NELSON_2, [0.1] * 9, [0.1] * 8, id="N2 nine"),
        pytest.param(
            Rule.NELSON_2, [0.1] * 9, [0.1] * 8 + [0.0], id="N2 the centre line is on no side"
        ),
        pytest.param(
            Rule.NELSON_2, [-0.1] * 9, [-0.1] * 5 + [0.1] + [-0.1] * 8, id="N2 the run begins anew"
        ),
        pytest.param(Rule.NELSON_3, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5], id="N3 six points"),
        pytest.param(
            Rule.NELSON_3, [6, 5, 4, 3, 2, 1], [6, 5, 4, 3, 3, 2, 1, 0], id="N3 equals restart"
        ),
        pytest.param(
            Rule.NELSON_3, [-2, -1, 0, 1, 2, 3], [1, 2, 3, 4, 5, 4], id="N3 across the centre line"
        ),
        pytest.param(Rule.NELSON_4, ZIGZAG, ZIGZAG[1:], id="N4 fourteen points"),
        pytest.param(
            Rule.NELSON_4, ZIGZAG, [*ZIGZAG[:13], 0, *ZIGZAG[1:12]], id="N4 equals restart"
        ),
        pytest.param(
            Rule.NELSON_4, [2 + one for one in ZIGZAG], [*ZIGZAG[:12], 2, 3], id="N4 on one side"
        ),
        pytest.param(Rule.NELSON_5, [2.1, 0, 2.1], [2.1, 0, 0, 2.1], id="N5 two of three"),
        pytest.param(Rule.NELSON_5, [-2.1, -2.1], [2.1, -2.1, 0], id="N5 on the same side"),
        pytest.param(Rule.NELSON_5, [0, 3.1, 2.1], [0, 2.0, 2.1], id="N5 zone A or beyond"),
        pytest.param(
            Rule.NELSON_6, [1.1, 1.1, 0, 1.1, 1.1], [1.1, 1.1, 0, 0, 1.1, 1.1], id="N6 four of five"
        ),
        pytest.param(
            Rule.NELSON_6, [-1.1] * 4, [1.1, 1.1, 1.1, -1.1, -1.1], id="N6 on the same side"
        ),
        pytest.param(
            Rule.NELSON_6, [1.1, 2.1, 3.1, 1.1], [1.0, 2.1, 3.1, 1.1], id="N6 zone B or beyond"
        ),
        pytest.param(Rule.NELSON_7, [1.0, -1.0, 0.5] * 5, [0.5] * 14, id="N7 fifteen"),
        pytest.param(
            Rule.NELSON_7, [0.5] * 15, [0.5] * 14 + [1.001] + [0.5] * 14, id="N7 one side will do"
        ),
        pytest.param(Rule.NELSON_8, MIXED, MIXED[1:], id="N8 eight"),
        pytest.param(Rule.NELSON_8, [1.1] * 7 + [-1.1], [1.1] * 8, id="N8 on both sides"),
        pytest.param(Rule.NELSON_8, MIXED, [*MIXED[:7], -1.0], id="N8 none in zone C"),
        pytest.param(Rule.WESTERN_ELECTRIC_1, [-3.001], [-3.0], id="W1"),
        pytest.param(Rule.WESTERN_ELECTRIC_2, [2.1, -2.1, 2.1], [2.1, -2.1, -0.1], id="W2"),
        pytest.param(Rule.WESTERN_ELECTRIC_3, [1.1, 1.1, -3, 1.1, 1.1], [1.1] * 3, id="W3"),
        pytest.param(Rule.WESTERN_ELECTRIC_4, [-0.1] * 8, [-0.1] * 7 + [0.0], id="W4"),
    ],
)
def test_the_definition_holds_to_the_line(
    rule: Rule, fires: list[float], just_not: list[float]
) -> None:
    assert signals(ONE, fires, rule) == [len(fires)]
    assert signals(ONE, just_not, rule) == []


@pytest.mark.parametrize(
    ("rule", "values", "points"),
    [
        pytest.param(Rule.NELSON_5, [2.1, 0, 2.1], "1 3", id="what lies between is not named"),
        pytest.param(Rule.NELSON_5, [2.1, -2.1, 2.1], "1 3", id="nor the other side"),
        pytest.param(Rule.NELSON_6, [0, 1.1, 1.1, 1.1, 1.1], "2 3 4 5", id="four"),
        pytest.param(Rule.NELSON_3, [9, 1, 2, 3, 4, 5, 6], "2 3 4 5 6 7", id="a run is whole"),
    ],
)
def test_a_violation_names_the_points_that_make_it(
    rule: Rule, values: list[float], points: str
) -> None:
    (found,) = judged(ONE, values, rule)
    assert found.points == tuple(points.split())


def test_a_run_that_goes_on_is_told_with_each_point() -> None:
    assert signals(ONE, [0.1] * 11, Rule.NELSON_2) == [9, 10, 11]


def test_a_point_that_is_no_part_of_the_pattern_does_not_tell_it_again() -> None:
    assert signals(ONE, [2.1, 2.1, 0.5], Rule.NELSON_5) == [2]
    assert signals(ONE, [1.1, 1.1, 1.1, 1.1, 0.5], Rule.NELSON_6) == [4]


def test_rules_name_their_source() -> None:
    assert Rule.NELSON_5.source == "Nelson 1984, test 5"
    assert Rule.WESTERN_ELECTRIC_4.source == "Western Electric 1956, zone rule 4"
    assert (len(NELSON), len(WESTERN_ELECTRIC)) == (8, 4)
