"""Run rules of the plant file on results of a test, to the deviations that they open."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from processors.quality.charts.chart import Point
from processors.quality.charts.limits import fixed_individuals
from processors.quality.charts.pairs import observe_individual, start_individuals
from processors.quality.charts.rules import Rule
from processors.quality.control import out_of_control
from processors.quality.trends import Point as TrendPoint
from schemas.plant.quality import Specification
from schemas.quality import CapabilityReport, Deviation, TestJudged
from tests.processors.quality.laboratory import Run, Sayer, plant

FIXED = """
  - {products: [P1], test: visc, from: 2026-01-01, limits: {lower: 0, upper: 200},
     control: {lower: 97, upper: 103}, severity: critical, trend: {rules: [nelson_1, nelson_2]%s}}
"""
SPECIFIED = {"products": ["P1"], "test": "visc", "from": "2026-01-01", "limits": {"upper": 200}}


def heard(
    text: str, numbers: Sequence[float], *, backwards: bool = False, settings: str = ""
) -> Run:
    """Viscosities, one an hour, heard one after the other."""
    file = plant(more=text, settings=settings)
    say = Sayer(file)
    told = [
        say.result(n, float(number), f"r{n}", test="visc", unit="", batch=None, sample=f"S{n}")
        for n, number in enumerate(numbers)
    ]
    run = Run(file, trend=out_of_control, restarts=True)
    return run.hear_each(reversed(told) if backwards else told)


def outcomes(run: Run) -> dict[str, str | None]:
    return {one.result: one.outcome for one in run.newest(TestJudged) if one.outcome != "pass"}


def deviations(run: Run) -> list[tuple[str | None, str, str]]:
    found = [one for one in run.newest(Deviation) if not one.withdrawn]
    return [(one.result, one.cause, one.severity) for one in found]


def test_a_result_beyond_the_control_limits_is_out_of_trend_although_it_is_within_specification():
    run = heard(FIXED % "", [100, 103, 103.1])

    assert outcomes(run) == {"r2": "out_of_trend"}
    assert deviations(run) == [("r2", "out_of_trend", "minor")]
    (told,) = [one.because for one in run.newest(Deviation)]
    assert told == "nelson_1 of results, 1 of them, limits 97 to 103"


def test_nine_on_one_side_are_a_run_and_eight_are_none():
    assert outcomes(heard(FIXED % "", [100.5] * 8)) == {}
    assert outcomes(heard(FIXED % "", [100.5] * 9)) == {"r8": "out_of_trend"}


def test_results_that_come_late_are_charted_where_they_belong():
    numbers = [100.5, 100.2, 101, 100.1, 100.3, 100.2, 100.4, 100.1, 100.9, 99]

    there, back = heard(FIXED % "", numbers), heard(FIXED % "", numbers, backwards=True)

    assert outcomes(there) == outcomes(back) == {"r8": "out_of_trend"}


@pytest.mark.parametrize(
    ("more", "severities"),
    [
        pytest.param(", deviation: major", ["major"], id="as configured"),
        pytest.param(", deviation: none", [], id="none"),
    ],
)
def test_the_plant_file_says_which_deviation_it_opens(more: str, severities: list[str]):
    run = heard(FIXED % more, [100, 104])

    assert outcomes(run) == {"r1": "out_of_trend"}
    assert [severity for _, _, severity in deviations(run)] == severities


@settings(deadline=None, max_examples=40)
@given(numbers=st.lists(st.floats(96, 104), min_size=1, max_size=24), data=st.data())
def test_in_whatever_order_results_come_they_are_judged_as_a_chart_of_all_of_them(numbers, data):
    file = plant(more=FIXED % "")
    say = Sayer(file)
    told = [
        say.result(n, number, f"r{n}", test="visc", unit="", batch=None, sample=f"S{n}")
        for n, number in enumerate(numbers)
    ]
    run = Run(file, trend=out_of_control).hear_each(data.draw(st.permutations(told)))

    rules = frozenset({Rule.NELSON_1, Rule.NELSON_2})
    chart, found = start_individuals(fixed_individuals(100, 1), rules), set[str]()
    for n, number in enumerate(numbers):
        chart, violations = observe_individual(chart, Point(f"r{n}", number))
        found |= {one.points[-1] for one in violations}
    assert set(outcomes(run)) == found


def test_after_a_restart_each_result_is_charted_once():
    asked: list[str] = []

    def counted(
        points: Sequence[TrendPoint], specification: Specification, since: int
    ) -> Mapping[str, str]:
        asked.extend(one.result for one in points[since:])
        return out_of_control(points, specification, since)

    file = plant(more=FIXED % "")
    say = Sayer(file)
    told = [
        say.result(n, 100, f"r{n}", test="visc", unit="", batch=None, sample=f"S{n}")
        for n in range(30)
    ]
    before = Run(file, trend=counted, restarts=True).hear(*told[:-1])
    asked.clear()
    before.hear(told[-1])

    assert sorted(asked) == sorted(f"r{n}" for n in range(30))


def test_limits_follow_from_a_baseline_of_the_plant_file():
    text = (FIXED % ", baseline: [99, 101, 100, 102, 100]").replace(
        "control: {lower: 97, upper: 103}, ", ""
    )
    run = heard(text, [104, 104.5, 200.5])

    # The mean is 100.4, the mean moving range 1.75: 3 x 1.75 / 1.128 above it is 105.05.
    assert outcomes(run) == {"r2": "fail"}
    assert outcomes(heard(text, [104, 105.1])) == {"r1": "out_of_trend"}


def test_a_jump_is_out_of_trend_although_both_results_are_within_the_limits():
    run = heard(FIXED % "", [97.5, 102.5])

    (told,) = [one.because for one in run.newest(Deviation)]
    assert told.startswith("nelson_1 of moving ranges")


def test_a_new_specification_begins_a_new_chart():
    later = (FIXED % "").replace("2026-01-01", "2026-03-02T11:00")

    assert outcomes(heard(FIXED % "" + later, [100.5] * 9)) == {}
    assert outcomes(heard(FIXED % "" + later, [100.5] * 14)) == {"r13": "out_of_trend"}


def test_a_result_that_stands_for_many_is_no_point():
    file = plant(more=FIXED % "")
    say = Sayer(file)
    below = say.result(1, 50.0, test="visc", unit="", batch=None, sample="S", comparator="<")

    assert outcomes(Run(file, trend=out_of_control).hear(below)) == {}


GROUPED = FIXED % ", subgroup: 3"
"""Of means of three: sigma of single results is 1.732."""


def heard_of_batches(
    text: str, batches: Sequence[Sequence[float]], *, backwards: bool = False
) -> Run:
    """A batch every ten hours, its viscosities one an hour."""
    file = plant(more=text)
    say = Sayer(file)
    told = [
        say.result(
            10 * place + n,
            float(number),
            f"b{place}-{n}",
            test="visc",
            unit="",
            batch=f"B{place}",
            sample=f"S{n}",
        )
        for place, numbers in enumerate(batches)
        for n, number in enumerate(numbers)
    ]
    made = [say.made(0, 1000, batch=f"B{place}") for place in range(len(batches))]
    run = Run(file, trend=out_of_control, restarts=True).hear(*made)
    return run.hear_each(reversed(told) if backwards else told)


def test_results_of_one_batch_are_a_subgroup_and_their_mean_is_charted():
    run = heard_of_batches(GROUPED, [[99, 104, 100], [104, 103.1, 102]])

    # Means of 101 and 103.03; 103 is the upper line, and one result beyond it is none.
    assert outcomes(run) == {"b1-2": "out_of_trend"}
    (told,) = [one.because for one in run.newest(Deviation)]
    assert told == "nelson_1 of means, 1 of them, limits 97 to 103"


def test_the_range_of_a_subgroup_is_charted():
    run = heard_of_batches(GROUPED, [[95.9, 100, 104]])

    # D4 d2 sigma = 2.575 x 1.693 x 1.732 = 7.55.
    (told,) = [one.because for one in run.newest(Deviation)]
    assert told == "nelson_1 of ranges, 1 of them, limits 0 to 7.55083"


def test_an_incomplete_subgroup_is_no_point():
    assert outcomes(heard_of_batches(GROUPED, [[110, 110], [110, 110]])) == {}


def test_subgroups_are_the_same_in_whatever_order_results_come():
    batches: list[list[float]] = [
        [99, 104, 100, 101],
        [104, 103.1, 102, 90],
        [100, 101, 99, 99, 120, 100],
    ]

    there = heard_of_batches(GROUPED, batches)
    back = heard_of_batches(GROUPED, batches, backwards=True)

    assert outcomes(there) == outcomes(back) == {"b1-2": "out_of_trend", "b2-5": "out_of_trend"}


def test_limits_of_subgroups_follow_from_a_baseline():
    text = GROUPED.replace("control: {lower: 97, upper: 103}, ", "").replace(
        "subgroup: 3", "subgroup: 3, baseline: [99, 100, 101, 100, 101, 102]"
    )

    # x̿ = 100.5 and R̄ = 2: 100.5 + 1.023 x 2 = 102.546.
    assert outcomes(heard_of_batches(text, [[102, 102.5, 103.1]])) == {}
    assert outcomes(heard_of_batches(text, [[102, 102.5, 103.2]])) == {"b0-2": "out_of_trend"}


def capability(run: Run) -> CapabilityReport:
    (found,) = run.newest(CapabilityReport)
    return found


def test_capability_is_that_of_the_newest_results():
    few = "capability_results: 4"
    told = capability(heard(FIXED % "", [150, 99, 101, 99, 101], settings=few))

    # MR̄ = 2 and sigma = 2 / 1.128; s² = 4/3; limits are 0 and 200.
    assert told.results == 4
    assert told.mean == 100
    assert told.within_sigma == pytest.approx(2 / 1.128)
    assert told.cp == told.cpk == pytest.approx(200 / (6 * 2 / 1.128))
    assert told.pp == told.ppk == pytest.approx(200 / (6 * (4 / 3) ** 0.5))
    assert (told.lower, told.upper, told.chart) == (0, 200, "individuals")


def test_capability_of_subgroups_takes_sigma_from_their_ranges():
    told = capability(heard_of_batches(GROUPED, [[99, 100, 101], [99, 101, 103, 100]]))

    assert (told.chart, told.results) == ("subgroups", 6)
    assert told.within_sigma == pytest.approx(3 / 1.693)


def test_capability_follows_a_correction():
    file = plant(more=FIXED % "")
    say = Sayer(file)
    about = {"test": "visc", "unit": "", "batch": None}
    first = say.result(1, 90.0, "r1", sample="S1", **about)
    second = say.result(2, 100.0, "r2", sample="S2", **about)
    better = say.result(
        3, 98.0, "r3", sample="S1", corrects="r1", revision=2, reason="misread", **about
    )
    run = Run(file, trend=out_of_control).hear(first, second)
    assert capability(run).mean == 95

    run.hear(better)

    assert capability(run).mean == 99


def test_without_variation_there_is_no_index():
    told = capability(heard(FIXED % "", [100, 100]))

    assert (told.cp, told.cpk, told.cpk_lower, told.pp, told.ppk) == (None,) * 5


@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param({"trend": {}}, "takes its limits", id="no limits"),
        pytest.param(
            {"trend": {}, "control": {"upper": 150}}, "takes its limits", id="one limit only"
        ),
        pytest.param({"trend": {"baseline": [1, 1, 1]}}, "does not vary", id="no variation"),
        pytest.param(
            {"trend": {"baseline": [1, 2], "rules": ["nelson_1"] * 2}}, "twice", id="a rule twice"
        ),
        pytest.param(
            {"trend": {"baseline": [1, 2, 3], "subgroup": 2}}, "whole number", id="half a subgroup"
        ),
        pytest.param(
            {"trend": {"baseline": [1, 1, 2, 2], "subgroup": 2}},
            "no subgroup of the baseline varies",
            id="no variation within subgroups",
        ),
        pytest.param(
            {"trend": {"baseline": [1, 2]}, "control": {"lower": 1, "upper": 2}},
            "takes its limits",
            id="both",
        ),
    ],
)
def test_what_gives_no_chart_is_refused_with_the_plant_file(more: dict[str, object], told: str):
    with pytest.raises(ValidationError, match=told):
        Specification.model_validate(SPECIFIED | more)
