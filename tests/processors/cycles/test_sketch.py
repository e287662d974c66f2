"""The sketch: every quantile to one percent, and merging is the same as having seen it all."""

import math
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from processors.cycles.sketch import added, bucket_of, merged, quantile_ms

lengths = st.integers(0, 40 * 86_400_000)
lists = st.lists(lengths, min_size=1, max_size=60)


def sketch_of(cycles: list[int]) -> dict[int, int]:
    sketch: dict[int, int] = {}
    for one in cycles:
        sketch = added(sketch, one)
    return sketch


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 0.95, 0.99, 1.0])
@given(lists)
def test_a_quantile_is_within_one_percent_of_the_exact_one(share: float, cycles: list[int]) -> None:
    exact = sorted(cycles)[max(1, math.ceil(share * len(cycles))) - 1]
    found = quantile_ms(sketch_of(cycles), share)
    assert found is not None
    assert abs(found - exact) <= (0.01 * exact if exact else 1)


@given(lists, lists, lists)
def test_merging_is_having_seen_it_all(one: list[int], two: list[int], three: list[int]) -> None:
    together = sketch_of(one + two + three)
    left = merged(merged(sketch_of(one), sketch_of(two)), sketch_of(three))
    right = merged(sketch_of(three), merged(sketch_of(two), sketch_of(one)))
    assert left == right == together


@given(st.integers(2, 40 * 86_400_000))
@example(2)
@example(40 * 86_400_000)
def test_a_bucket_holds_the_lengths_that_it_promises(length: int) -> None:
    gamma, bucket = Fraction(51, 50), bucket_of(length)
    assert gamma ** (bucket - 1) < length <= gamma**bucket


def test_rounding_is_right_at_the_edge_of_every_bucket_of_a_month() -> None:
    edge = Fraction(1)
    for bucket in range(1, 1100):
        edge *= Fraction(51, 50)
        below = math.floor(edge)
        if below > 1:
            assert bucket_of(below) <= bucket < bucket_of(below + 1)


def test_of_nothing_there_is_no_quantile() -> None:
    assert quantile_ms({}, 0.5) is None
