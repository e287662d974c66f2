"""Run rules of the plant file on results of a test, to the deviations that they open."""

from collections.abc import Sequence

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
from schemas.quality import Deviation, TestJudged
from tests.processors.quality.laboratory import Run, Sayer, plant

FIXED = """
  - {products: [P1], test: visc, from: 2026-01-01, limits: {lower: 0, upper: 200},
     control: {lower: 97, upper: 103}, severity: critical, trend: {rules: [nelson_1, nelson_2]%s}}
"""
SPECIFIED = {"products": ["P1"], "test": "visc", "from": "2026-01-01", "limits": {"upper": 200}}


def heard(text: str, numbers: Sequence[float], *, backwards: bool = False) -> Run:
    """Viscosities, one an hour, heard one after the other."""
    file = plant(more=text)
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

    def counted(points: Sequence[TrendPoint], specification: Specification) -> str | None:
        asked.append(points[-1].result)
        return out_of_control(points, specification)

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
            {"trend": {"baseline": [1, 2]}, "control": {"lower": 1, "upper": 2}},
            "takes its limits",
            id="both",
        ),
    ],
)
def test_what_gives_no_chart_is_refused_with_the_plant_file(more: dict[str, object], told: str):
    with pytest.raises(ValidationError, match=told):
        Specification.model_validate(SPECIFIED | more)
