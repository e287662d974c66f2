"""Results that are numbers in name only: the largest that there are, or next to none."""

from collections.abc import Sequence

import pytest

from processors.quality.control import out_of_control
from schemas.quality import CapabilityReport, TestJudged
from tests.processors.quality.laboratory import Run, Sayer, plant

LARGEST, SMALLEST = 1.7976931348623157e308, 5e-324
CHARTED = """
  - {products: [P1], test: visc, from: 2026-01-01, limits: {lower: 0, upper: %s},
     control: {lower: 97, upper: 103}, trend: {rules: [nelson_1, nelson_2]%s}}
"""


def heard(numbers: Sequence[float], more: str = "", upper: str = "200") -> Run:
    file = plant(more=CHARTED % (upper, more))
    say = Sayer(file)
    told = [
        say.result(n, number, f"r{n}", test="visc", unit="", batch=None, sample=f"S{n}")
        for n, number in enumerate(numbers)
    ]
    return Run(file, trend=out_of_control, restarts=True).hear_each(told)


@pytest.mark.parametrize("subgroup", ["", ", subgroup: 2"])
@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([LARGEST, LARGEST, 100, 101], id="the largest, twice"),
        pytest.param([LARGEST, -LARGEST, 100, 101], id="and the opposite"),
        pytest.param([0, SMALLEST, 0, SMALLEST], id="what hardly varies"),
        pytest.param([0, 1e-160, 0, 1e-160], id="and a little more"),
    ],
)
def test_the_results_of_the_product_are_judged_all_the_same(numbers: list[float], subgroup: str):
    run = heard([*numbers, 100, 300], subgroup)
    outcomes = {one.result: one.outcome for one in run.newest(TestJudged)}

    assert outcomes["r5"] == "fail"
    assert (outcomes["r0"] == "fail") is (numbers[0] == LARGEST)


def test_what_is_out_of_trend_is_so_however_large():
    run = heard([LARGEST, 100], upper="1.7e+308")

    assert {one.result: one.outcome for one in run.newest(TestJudged)}["r0"] == "fail"
    assert "out_of_trend" in {
        one.outcome for one in heard([1e200], upper="1.7e+308").newest(TestJudged)
    }


def test_capability_by_limits_that_are_no_limits_is_not_defined():
    run = heard([0, SMALLEST, 0])
    (report,) = run.newest(CapabilityReport)

    assert (report.results, report.cp, report.pp) == (3, None, None)
