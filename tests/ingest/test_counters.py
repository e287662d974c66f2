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
        pytest.param(10**19, Ignored.TOO_LARGE, id="a whole number as large"),
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


PLAIN = Counter()
TEN = Counter(most_per_s=Decimal(10))
TEN_16 = Counter(rollover=65535, most_per_s=Decimal(10))
TURNED = "rolled over"
FELL = "reset"


@pytest.mark.parametrize(
    ("counter", "readings", "increments", "said"),
    [
        pytest.param(PLAIN, [(41, 0)], [0], [""], id="the first reading is the baseline"),
        pytest.param(PLAIN, [(41, 0), (45, 1)], [0, 4], ["", ""], id="a rise"),
        pytest.param(PLAIN, [(41, 0), (41, 9)], [0, 0], ["", ""], id="no change, or frozen"),
        pytest.param(PLAIN, [(900, 0), (0, 1)], [0, 0], ["", FELL], id="a fall to 0"),
        pytest.param(PLAIN, [(900, 0), (3, 1)], [0, 3], ["", FELL], id="a fall to near 0"),
        pytest.param(PLAIN, [(900, 0), (700, 1)], [0, 700], ["", FELL], id="a fall to anything"),
        pytest.param(
            Counter(rollover=2**16 - 1), [(65_530, 0), (4, 1)], [0, 10], ["", TURNED],
            id="a roll-over at 16 bits",
        ),
        pytest.param(
            Counter(rollover=2**31 - 1), [(2**31 - 1, 0), (0, 1)], [0, 1], ["", TURNED],
            id="a roll-over at 31 bits",
        ),
        pytest.param(
            Counter(rollover=2**32 - 1), [(2**32 - 6, 0), (4, 1)], [0, 10], ["", TURNED],
            id="a roll-over at 32 bits",
        ),
        pytest.param(
            Counter(rollover=65535), [(60_000, 0), (9_000, 1)], [0, 14_536], ["", TURNED],
            id="across the limit with a jump of less than a quarter of the range",
        ),
        pytest.param(
            Counter(rollover=65535), [(40_000, 0), (9_000, 1)], [0, 9_000], ["", FELL],
            id="too far across the limit is a reset",
        ),
        pytest.param(
            TEN_16, [(65_530, 0), (4, 1)], [0, 10], ["", TURNED],
            id="a roll-over as fast as plausible",
        ),
        pytest.param(
            TEN_16, [(65_000, 0), (4, 1)], [0, 4], ["", FELL],
            id="a roll-over faster than plausible is a reset",
        ),
        pytest.param(
            TEN_16, [(60_000, 0), (9_000, 1)], [0, 0], ["", "counter_jump"],
            id="a fall that is neither plausible as a roll-over nor as a reset",
        ),
        pytest.param(TEN, [(5, 0), (15, 1)], [0, 10], ["", ""], id="as fast as plausible"),
        pytest.param(
            TEN, [(5, 0), (16, 1), (18, 2)], [0, 0, 2], ["", "counter_jump", ""],
            id="a jump counts nothing, and what follows counts",
        ),
        pytest.param(
            TEN, [(5, 0), (1_000, 100)], [0, 995], ["", ""], id="after a long gap more is plausible"
        ),
        pytest.param(
            TEN, [(5, 0), (1_006, 100)], [0, 0], ["", "counter_jump"],
            id="after a long gap not everything is plausible",
        ),
        pytest.param(
            TEN, [(5, 0), (5, 99), (1_000, 100)], [0, 0, 0], ["", "", "counter_jump"],
            id="time counts from the last reading, even of the same value",
        ),
        pytest.param(
            TEN, [(5, 0), (9, 0), (13, 0.1)], [0, 4, 4], ["", "", ""],
            id="source times in whole seconds: a second at least",
        ),
        pytest.param(
            Counter(Decimal(1000), most_per_s=Decimal(10)), [(5, 0), (6, 1), (8, 2)],
            [0, 1000, 0], ["", "", "counter_jump"], id="a single stroke is always plausible",
        ),
        pytest.param(
            Counter(Decimal("0.5"), most_per_s=Decimal(10)), [(0, 0), (20, 1), (41, 2)],
            [0, 10, 0], ["", "", "counter_jump"], id="plausible is said in counting units",
        ),
        pytest.param(
            TEN, [(100, 0), (10**7, 1), (105, 2), (106, 3)], [0, 0, 5, 1],
            ["", "counter_jump", FELL, ""], id="a single wrong reading costs nothing",
        ),
        pytest.param(
            TEN, [(1000, 0), (0, 1), (1005, 2), (1006, 3)], [0, 0, 5, 1], ["", FELL, FELL, ""],
            id="nor does a single 0",
        ),
        pytest.param(
            TEN, [(100, 0), (5000, 1), (5003, 2), (2, 3)], [0, 0, 3, 2],
            ["", "counter_jump", "", FELL], id="a counter that was set high goes on from there",
        ),
        pytest.param(TEN, [(900, 0), (700, 1)], [0, 0], ["", "counter_jump"],
            id="a fall to more than can have been made since",
        ),
        pytest.param(
            PLAIN, [(5, 0), (-1, 1), (7, 2)], [0, 0, 2], ["", "counter_negative", ""],
            id="a negative reading",
        ),
        pytest.param(
            PLAIN, [(5, 0), ("many", 1), (None, 2), (True, 3), (7, 4)], [0, 0, 0, 0, 2],
            ["", *["counter_not_a_number"] * 3, ""], id="not a number",
        ),
        pytest.param(
            PLAIN, [(5, 0), (math.nan, 1), (math.inf, 2), (7, 3)], [0, 0, 0, 2],
            ["", *["counter_not_a_number"] * 2, ""], id="NaN and infinity",
        ),
        pytest.param(
            PLAIN, [(5, 0), (10**30, 1), (7, 2)], [0, 0, 2], ["", "counter_too_large", ""],
            id="too large",
        ),
        pytest.param(
            PLAIN, [(5, 0), (5 + 10**9, 1)], [0, 10**9], ["", ""], id="as much as can be at once"
        ),
        pytest.param(
            PLAIN, [(1000, 0), (2**32 - 1, 1), (2**32 - 1, 2), (1003, 3), (1004, 4)],
            [0, 0, 0, 3, 1], ["", "counter_jump", "", FELL, ""],
            id="a register that is all ones for a while",
        ),
        pytest.param(
            Counter(rollover=2**32 - 1), [(1000, 0), (2**32 - 1, 1), (1003, 2)],
            [0, 0, 3], ["", "counter_jump", FELL], id="all ones is no roll-over",
        ),
        pytest.param(
            Counter(Decimal(1000)), [(7, 0), (10**18, 1), (8, 2)],
            [0, 0, 1000], ["", "counter_jump", FELL], id="more than can be, when scaled",
        ),
        pytest.param(
            PLAIN, [(7 * 10**9, 0), (3 * 10**9, 1), (3 * 10**9 + 1, 2)], [0, 0, 1],
            ["", "counter_jump", ""], id="a fall to more than can be made at once",
        ),
        pytest.param(
            PLAIN, [(900, 0), (2, 1), (905, 2)], [0, 2, 903], ["", FELL, ""],
            id="a single 0 is believed where nobody says what is plausible",
        ),
        pytest.param(
            PLAIN, [(5, 0), (9, 2), (7, 1), (10, 3)], [0, 4, 0, 1],
            ["", "", "counter_straggler", ""], id="a straggler",
        ),
        pytest.param(
            PLAIN, [(900, 0), (2, 2), (901, 1), (3, 3)], [0, 2, 0, 1],
            ["", FELL, "counter_straggler", ""], id="a straggler from before a reset",
        ),
        pytest.param(
            PLAIN, [(900, 0), (40, 3600), (41, 3601)], [0, 40, 1], ["", FELL, ""],
            id="a reset during a gap",
        ),
        pytest.param(
            Counter(Decimal("0.4")), [(0, 0), (1, 1), (2, 2), (3, 3), (1, 4), (2, 5)],
            [0, 0, 0, 1, 0, 1], ["", "", "", "", FELL, ""], id="fractions wait, over a reset too",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "restarted", [pytest.param(False, id="in one go"), pytest.param(True, id="restarted")]
)
def test_what_a_reading_means(
    counter: Counter,
    readings: list[tuple[Any, float]],
    increments: list[int],
    said: list[str],
    restarted: bool,
) -> None:
    """docs/oee.md has this table in words."""
    found, baseline = [], None
    for value, second in readings:
        if restarted and baseline:
            baseline = Baseline.load(baseline.dump())
        found.append(count(counter, baseline, value, at(second)))
        baseline = found[-1].baseline

    assert [one.increment for one in found] == increments
    assert [in_words(one) for one in found] == said


def in_words(counted: Counted) -> str:
    if counted.ignored or counted.reset is None:
        return str(counted.ignored or "")
    return TURNED if counted.reset.rolled_over else FELL


def test_a_baseline_is_remembered_with_all_that_it_knows() -> None:
    before = Baseline(Decimal(7), Decimal("0.5"), at(0), "plc")
    for one in (before, Baseline(Decimal(9), Decimal(0), at(2), None, at(1), before)):
        assert Baseline.load(one.dump()) == one


def test_a_jump_tells_both_values() -> None:
    _, baseline = play(TEN, [100])

    assert count(TEN, baseline, 5000, at(1)).reset == Reset("100", "5000", rolled_over=False)


def test_a_clock_that_was_set_back_makes_no_jump() -> None:
    _, baseline = play(TEN, [100, 102])

    assert count(TEN, baseline, 152, NOW - timedelta(hours=1)).increment == 50


readings = st.lists(
    st.one_of(
        st.integers(0, 10**6),
        st.floats(0, 1e6, allow_nan=False).map(lambda value: round(value, 3)),
    ),
    min_size=1,
)
rates = st.sampled_from([None, Decimal(1), Decimal(10**5)])
scales = st.sampled_from([Decimal(1), Decimal(1000), Decimal("0.25"), Decimal("0.1")])


@given(readings.map(sorted), scales)
def test_law_increments_telescope(values: list[float], scale: Decimal) -> None:
    found, _ = play(Counter(scale), values)

    first, last = (Decimal(str(value)) * scale // 1 for value in (values[0], values[-1]))
    assert sum(one.increment for one in found) == last - first


@given(readings, st.integers(0, 20), scales, rates)
def test_law_a_restart_in_between_changes_nothing(
    values: list[float], split: int, scale: Decimal, most: Decimal | None
) -> None:
    counter = Counter(scale, rollover=10**6, most_per_s=most)
    whole, end = play(counter, values)
    first, baseline = play(counter, values[:split])
    reloaded = Baseline.load(baseline.dump()) if baseline else None
    found = list(first)
    for second, value in enumerate(values[split:], split):
        found.append(count(counter, reloaded, value, at(second)))
        reloaded = found[-1].baseline

    assert found == whole
    assert reloaded == end


@given(readings, scales, rates)
def test_law_a_repeated_reading_changes_nothing(
    values: list[float], scale: Decimal, most: Decimal | None
) -> None:
    counter = Counter(scale, most_per_s=most)
    once, end = play(counter, values)
    baseline, total = None, 0
    for second, value in enumerate(values):
        for _ in range(2):
            counted = count(counter, baseline, value, at(second))
            baseline, total = counted.baseline, total + counted.increment

    assert total == sum(one.increment for one in once)
    assert baseline == end


@given(readings, scales, st.sampled_from([Decimal(1), Decimal(10**5)]))
def test_law_nothing_is_counted_faster_than_plausible(
    values: list[float], scale: Decimal, most: Decimal
) -> None:
    found, _ = play(Counter(scale, most_per_s=most), values)

    passed_s = len(values) - 1
    assert sum(one.increment for one in found) <= max(most, scale) * passed_s + 1
