"""A counter's readings: what they add up to, and what never counts."""

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ingest.counters import Baseline, Counted, Counter, Ignored, Reset, count
from ingest.input import Value
from tests.ingest.kit import NOW, at


def play(
    counter: Counter, values: list[Any], baseline: Baseline | None = None
) -> tuple[list[Counted], Baseline | None]:
    found = []
    for second, value in enumerate(values):
        counted = count(counter, baseline, value, at(second))
        baseline = counted.baseline
        found.append(counted)
    return found, baseline


@pytest.mark.parametrize(
    ("counter", "values", "increments"),
    [
        pytest.param(Counter(), [41, 42, 45], [0, 1, 3], id="the first value is the baseline"),
        pytest.param(Counter(), [5, 5, 5], [0, 0, 0], id="a repeat counts nothing"),
        pytest.param(Counter(), [0.5, 0.9, 1.0, 2.4], [0, 0, 1, 1], id="parts of a unit wait"),
        pytest.param(
            Counter(Decimal(1000)),
            [0.0, 0.1, 0.3, 2344.0],
            [0, 100, 200, 2343700],
            id="decimal, not binary: 0.1 thousand is 100",
        ),
        pytest.param(
            Counter(Decimal("0.5")), [0, 1, 2, 3], [0, 0, 1, 0], id="two strokes make a part"
        ),
        pytest.param(Counter(), [100, 3, 5], [0, 3, 2], id="after a reset it counts from 0"),
        pytest.param(
            Counter(rollover=65535), [65530, 4, 5], [0, 10, 1], id="a roll-over at 16 bits"
        ),
        pytest.param(
            Counter(rollover=65535), [65535, 0], [0, 1], id="from the limit to 0 is one part"
        ),
        pytest.param(
            Counter(rollover=2147483647), [1000, 0, 2], [0, 0, 2], id="too far for a roll-over"
        ),
        pytest.param(
            Counter(rollover=65535), [70000, 5], [0, 5], id="beyond the limit nothing rolls over"
        ),
        pytest.param(
            Counter(), [10, None, "x", True, math.nan, math.inf, -1, 10**30, 12], [0] * 8 + [2],
            id="what is no count is ignored",
        ),
    ],
)  # fmt: skip
def test_increments(counter: Counter, values: list[Any], increments: list[int]) -> None:
    found, _ = play(counter, values)

    assert [one.increment for one in found] == increments


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(math.nan, Ignored.NOT_A_NUMBER, id="NaN"),
        pytest.param("12", Ignored.NOT_A_NUMBER, id="text"),
        pytest.param(True, Ignored.NOT_A_NUMBER, id="boolean"),
        pytest.param(None, Ignored.NOT_A_NUMBER, id="nothing"),
        pytest.param(-0.5, Ignored.NEGATIVE, id="negative"),
        pytest.param(1e300, Ignored.TOO_LARGE, id="more than a column holds"),
        pytest.param(10**18, Ignored.TOO_LARGE, id="more than a column holds when scaled"),
    ],
)
def test_what_is_ignored_says_why_and_moves_nothing(value: Value, reason: Ignored) -> None:
    counter = Counter(Decimal(1000))
    before = count(counter, None, 7, NOW).baseline

    assert count(counter, before, value, at(1)) == Counted(before, ignored=reason)


def test_a_reset_tells_both_values() -> None:
    found, _ = play(Counter(), [2344.0, 0])

    assert found[-1].reset == Reset("2344", "0", rolled_over=False)


def test_a_roll_over_is_no_reset() -> None:
    found, _ = play(Counter(rollover=99), [98, 1])

    assert found[-1].reset == Reset("98", "1", rolled_over=True)
    assert found[-1].increment == 3


def test_a_lower_value_from_the_past_is_a_straggler() -> None:
    _, baseline = play(Counter(), [100, 102])
    late = count(Counter(), baseline, 101, NOW - timedelta(seconds=1))

    assert late == Counted(baseline, ignored=Ignored.STRAGGLER)


def test_a_higher_value_counts_even_if_the_device_set_its_clock_back() -> None:
    _, baseline = play(Counter(), [100, 102])

    assert count(Counter(), baseline, 105, NOW - timedelta(hours=1)).increment == 3


readings = st.lists(
    st.one_of(
        st.integers(0, 10**6),
        st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 3)),
    ),
    min_size=1,
)
scales = st.sampled_from([Decimal(1), Decimal(1000), Decimal("0.25"), Decimal("0.1")])


@given(readings.map(sorted), scales)
def test_law_increments_telescope(values: list[float], scale: Decimal) -> None:
    found, _ = play(Counter(scale), values)

    first, last = (Decimal(str(value)) * scale // 1 for value in (values[0], values[-1]))
    assert sum(one.increment for one in found) == last - first


@given(readings, st.integers(0, 20), scales)
def test_law_a_restart_in_between_changes_nothing(
    values: list[float], split: int, scale: Decimal
) -> None:
    counter = Counter(scale, rollover=10**6)
    whole, end = play(counter, values)
    first, baseline = play(counter, values[:split])
    reloaded = Baseline.load(baseline.dump()) if baseline else None
    found = list(first)
    for second, value in enumerate(values[split:], split):
        found.append(count(counter, reloaded, value, at(second)))
        reloaded = found[-1].baseline

    assert found == whole
    assert reloaded == end


@given(readings, scales)
def test_law_a_repeated_reading_changes_nothing(values: list[float], scale: Decimal) -> None:
    once, end = play(Counter(scale), values)
    baseline, total = None, 0
    for second, value in enumerate(values):
        for _ in range(2):
            counted = count(Counter(scale), baseline, value, at(second))
            baseline, total = counted.baseline, total + counted.increment

    assert total == sum(one.increment for one in once)
    assert baseline == end
