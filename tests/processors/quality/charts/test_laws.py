"""Laws of run rules, whatever is measured."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from processors.quality.charts.capability import Specification, individuals_capability
from processors.quality.charts.chart import Point, dump, in_order, load, observe, rejudge
from processors.quality.charts.limits import Limits, fixed_individuals
from processors.quality.charts.pairs import Individuals, observe_individual, start_individuals
from processors.quality.charts.rules import REACH, Rule
from tests.laws import EXAMPLES
from tests.processors.quality.charts.published import chart, judged, points

LIMITS = Limits(0, 4)
steady = st.lists(st.integers(-5, 5), max_size=20)
wild = st.lists(st.integers(-14, 14), max_size=20)
rising = st.integers(-8, 8).flatmap(lambda low: st.just(list(range(low, low + 7))))
alternating = st.lists(st.tuples(st.integers(0, 3), st.integers(4, 8)), max_size=9).map(
    lambda pairs: [value for pair in pairs for value in pair]
)
split = st.lists(st.sampled_from([-7, -6, 6, 7]), max_size=12)
series = st.lists(st.one_of(steady, wild, rising, alternating, split), max_size=4).map(
    lambda parts: [value for part in parts for value in part]
)
"""Values in quarters of sigma, of which parts trend, alternate, hug the centre or avoid it."""


@given(series)
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_told_point_by_point_is_what_the_definitions_say_of_the_whole(values: list) -> None:
    found = [(one.rule, tuple(map(int, one.points))) for one in judged(LIMITS, values)]
    assert sorted(found) == sorted(defined([value / 4 for value in values]))


@given(series, st.sampled_from([0.125, 1, 3, 1024]), st.integers(-1000, 1000))
@settings(max_examples=EXAMPLES, deadline=None)
def test_another_unit_changes_nothing(values: list, scale: float, shift: int) -> None:
    moved = [scale * value + shift for value in values]
    assert judged(Limits(shift, 4 * scale), moved) == judged(LIMITS, values)


@given(series)
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_mirror_image_fires_the_same_rules_at_the_same_points(values: list) -> None:
    assert judged(LIMITS, [-value for value in values]) == judged(LIMITS, values)


@given(series, series)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_later_point_never_takes_a_violation_back(values: list, later: list) -> None:
    before = judged(LIMITS, values)
    assert judged(LIMITS, values + later)[: len(before)] == before


@given(series, st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_rejudging_a_window_tells_what_streaming_told(values: list, data: st.DataObject) -> None:
    since = data.draw(st.integers(0, len(values)))
    first = max(0, since - (REACH - 1))
    told = [one for one in judged(LIMITS, values) if int(one.points[-1]) > since]
    _, again = rejudge(chart(LIMITS), points(values)[first:], since=since - first)
    assert list(again) == told


@given(series, st.integers(0, 60))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_restart_of_the_program_changes_nothing(values: list, cut: int) -> None:
    state, found = rejudge(chart(LIMITS), points(values)[:cut])
    for point in points(values)[cut:]:
        state, more = observe(load(dump(state)), point)
        found += more
    assert found == judged(LIMITS, values)


@given(series, st.integers(1, 60))
@settings(max_examples=EXAMPLES, deadline=None)
def test_rejudging_both_charts_of_a_window_tells_what_streaming_told(
    values: list, since: int
) -> None:
    start = start_individuals(fixed_individuals(0, 4), frozenset(Rule))
    _, told = in_order(observe_individual, start, points(values), since=since)
    first = max(0, since - (REACH - 1))
    window: list[Point] = points(values)[first:]
    _, again = in_order(observe_individual, start, window, since=since - first)
    assert again == told


@given(series)
@settings(max_examples=EXAMPLES, deadline=None)
def test_pairs_survive_being_written_down(values: list) -> None:
    start = start_individuals(fixed_individuals(0, 4))
    state, _ = in_order(observe_individual, start, points(values))
    assert Individuals.load(state.dump()) == state


@given(series.filter(lambda values: len(set(values)) > 1), st.sampled_from([0.25, 3]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_capability_has_no_unit_and_cpk_is_at_most_cp(values: list, scale: float) -> None:
    found = individuals_capability(values, Specification(-20, 12))
    moved = [scale * value + 7 for value in values]
    other = individuals_capability(moved, Specification(-20 * scale + 7, 12 * scale + 7))
    for mine, theirs in (("cp", "cpk"), ("pp", "ppk")):
        assert getattr(found, theirs) <= getattr(found, mine) * (1 + 1e-9)
        assert getattr(other, mine) == pytest.approx(getattr(found, mine))
        assert getattr(other, theirs) == pytest.approx(getattr(found, theirs))


def defined(z: Sequence[float]) -> Iterator[tuple[Rule, tuple[int, ...]]]:
    """All patterns in a whole series, by the words of the definitions; points from 1."""
    windows: dict[Rule, tuple[int, Callable[[Sequence[float]], bool]]] = {
        Rule.NELSON_1: (1, lambda w: abs(w[0]) > 3),
        Rule.WESTERN_ELECTRIC_1: (1, lambda w: abs(w[0]) > 3),
        Rule.NELSON_2: (9, lambda w: min(w) > 0 or max(w) < 0),
        Rule.WESTERN_ELECTRIC_4: (8, lambda w: min(w) > 0 or max(w) < 0),
        Rule.NELSON_3: (6, lambda w: _strictly(w) or _strictly(w[::-1])),
        Rule.NELSON_4: (14, _saws),
        Rule.NELSON_7: (15, lambda w: min(w) >= -1 and max(w) <= 1),
        Rule.NELSON_8: (8, lambda w: not any(-1 <= one <= 1 for one in w) and min(w) < 0 < max(w)),
    }
    for rule, (length, holds) in windows.items():
        for end in range(length, len(z) + 1):
            if holds(z[end - length : end]):
                yield rule, tuple(range(end - length + 1, end + 1))
    for rule, needed, among, zone in (
        (Rule.NELSON_5, 2, 3, 2),
        (Rule.WESTERN_ELECTRIC_2, 2, 3, 2),
        (Rule.NELSON_6, 4, 5, 1),
        (Rule.WESTERN_ELECTRIC_3, 4, 5, 1),
    ):
        for end in range(1, len(z) + 1):
            window = range(max(1, end - among + 1), end + 1)
            for side in (1, -1):
                beyond = tuple(point for point in window if side * z[point - 1] > zone)
                if end in beyond and len(beyond) >= needed:
                    yield rule, beyond


def _strictly(window: Sequence[float]) -> bool:
    return list(window) == sorted(set(window))


def _saws(window: Sequence[float]) -> bool:
    ups = [after > before for before, after in pairwise(window)]
    level = any(after == before for before, after in pairwise(window))
    return not level and all(one != other for one, other in pairwise(ups))
