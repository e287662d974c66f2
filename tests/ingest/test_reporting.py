"""Report by exception: what is news, what is held back, what is told again."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from ingest.frames import Reading
from ingest.input import BAD, Value
from ingest.reporting import Reported, is_selective, remind, report
from schemas.plant.tags import Tag
from tests.ingest.kit import at


def tag(**keys: Any) -> Tag:
    return Tag.model_validate({"name": "temperature", **keys})


def read(value: Value, seconds: float, quality: int = 0) -> Reading:
    return Reading("temperature", at(seconds), value, quality)


def told(one: Tag, *readings: Reading) -> list[tuple[Value, float]]:
    """Values and seconds of what goes on."""
    before, found = None, []
    for seen in readings:
        before, going = report(one, before, seen)
        found += [(each.value, (each.at - at(0)).total_seconds()) for each in going]
    return found


@pytest.mark.parametrize(
    ("keys", "values", "kept"),
    [
        pytest.param({"absolute": 1}, [5, 5.9, 6.1, 5.2, 4.9], [5, 6.1, 4.9], id="absolute"),
        pytest.param({"absolute": 0}, [5, 5, 6, 6, 5], [5, 6, 5], id="any change"),
        pytest.param({"percent": 10}, [100, 109, 111, 101, 99], [100, 111, 99], id="percent"),
        pytest.param({"absolute": 1}, ["a", "a", "b"], ["a", "b"], id="texts"),
        pytest.param({"absolute": 1}, [5, None, None, 5], [5, None, 5], id="no value"),
    ],
)
def test_changes_within_the_deadband_are_no_news(
    keys: dict[str, float], values: list[Value], kept: list[Value]
) -> None:
    readings = [read(value, second) for second, value in enumerate(values)]

    assert [value for value, _ in told(tag(deadband=keys), *readings)] == kept


def test_a_change_of_quality_is_always_news() -> None:
    one = tag(deadband={"absolute": 1})

    assert len(told(one, read(5, 0), read(5, 1, BAD), read(5, 2, BAD), read(5, 3))) == 3


def test_what_comes_too_soon_waits_and_the_newest_of_it_is_told_later() -> None:
    one = tag(min_interval_ms=1000)
    reported, first = report(one, None, read(1, 0))
    reported, soon = report(one, reported, read(2, 0.3))
    reported, newer = report(one, reported, read(3, 0.6))
    reported, early = remind(one, reported, at(0.9))
    reported, due = remind(one, reported, at(1.1))

    assert [len(each) for each in (first, soon, newer, early, due)] == [1, 0, 0, 0, 1]
    assert (due[0].value, due[0].at) == (3, at(0.6))
    assert reported.held is None


def test_what_came_back_before_it_was_told_is_no_news() -> None:
    one = tag(min_interval_ms=1000, deadband={"absolute": 1})
    reported, _ = report(one, None, read(1, 0))
    reported, _ = report(one, reported, read(9, 0.3))
    reported, _ = report(one, reported, read(1.2, 0.6))

    assert remind(one, reported, at(5)) == (reported, ())


def test_even_what_does_not_change_is_told_after_the_longest_interval() -> None:
    one = tag(max_interval_s=60, deadband={"absolute": 1})
    values = told(one, read(1, 0), read(1, 59), read(1, 60), read(1, 61))

    assert values == [(1, 0), (1, 60)]
    reported, again = remind(one, Reported(read(1, 60)), at(120))
    assert [(each.value, each.at) for each in again] == [(1, at(120))]
    assert remind(one, reported, at(121))[1] == ()


def test_after_a_clock_was_set_back_values_are_told_again() -> None:
    """Of the device, by an hour: its values are not too soon until the hour has passed."""
    often = tag(min_interval_ms=1000)
    seldom = tag(deadband={"absolute": 5}, max_interval_s=60)

    assert told(often, read(1, 3600), read(2, 0), read(3, 0.5)) == [(1, 3600), (2, 0)]
    assert told(seldom, read(1, 3600), read(2, 0), read(3, 1)) == [(1, 3600), (2, 0)]


@pytest.mark.parametrize("deadband", [{"absolute": 1}, {"percent": 50}])
def test_what_the_source_has_filtered_by_the_deadband_is_news(deadband: dict[str, float]) -> None:
    one = tag(node="s=x", deadband=deadband)
    before, _ = report(one, None, read(5, 0))

    assert is_selective(one)
    assert report(one, before, read(5.1, 1))[1] == ()
    after, going = report(one, before, read(5.1, 1), is_filtered=True)
    assert [each.value for each in going] == [5.1]
    assert after.last == going[0]


def test_what_the_source_has_filtered_waits_for_the_shortest_interval_too() -> None:
    one = tag(node="s=x", deadband={"absolute": 1}, min_interval_ms=1000)
    before, _ = report(one, None, read(5, 0))
    held, going = report(one, before, read(7, 0.5), is_filtered=True)
    back, _ = report(one, held, read(5.9, 0.6), is_filtered=True)

    assert going == ()
    assert [each.value for each in remind(one, back, at(1.1))[1]] == [5.9]


@pytest.mark.parametrize(
    ("keys", "selective"),
    [
        ({}, False),
        ({"node": "s=x", "deadband": {"absolute": 0}}, True),
        ({"min_interval_ms": 1}, True),
        ({"max_interval_s": 1}, True),
    ],
)
def test_a_tag_is_selective_wherever_it_is_read(keys: dict[str, Any], selective: bool) -> None:
    assert is_selective(tag(**keys)) is selective


values = st.lists(
    st.one_of(st.none(), st.floats(-10, 10), st.sampled_from(["a", "b"])), max_size=30
)


@given(values, st.floats(0, 5), st.integers(1, 5000))
def test_law_what_is_told_last_is_never_further_from_the_truth_than_the_deadband(
    seen: list[Value], width: float, interval_ms: int
) -> None:
    one = tag(deadband={"absolute": width}, min_interval_ms=interval_ms)
    before, known = None, None
    for second, value in enumerate(seen):
        before, going = report(one, before, read(value, second))
        before, later = remind(one, before, at(second + 6))
        known = ([known] + [each.value for each in (*going, *later)])[-1]
        if isinstance(value, float) and isinstance(known, float):
            assert abs(value - known) <= width
        else:
            assert value == known


@given(values)
def test_law_what_is_remembered_survives_a_restart(seen: list[Value]) -> None:
    one = tag(deadband={"absolute": 1}, min_interval_ms=2000)
    before = None
    for second, value in enumerate(seen):
        before, _ = report(one, before, read(value, second))
        assert Reported.load(before.dump()) == before  # type: ignore[arg-type]
