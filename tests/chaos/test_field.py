"""What the field remembers is what its messages have said."""

import json
from itertools import pairwise

import pytest

from tests.chaos.field import HEAT_TURNS, STANDS_FOR, Field
from tests.chaos.plant import PRESSES, SAMPLED

FIRST = PRESSES[0]
TURNS = 2 * HEAT_TURNS


@pytest.fixture
def field() -> Field:
    return Field()


@pytest.fixture
def turns(field: Field) -> list[list[dict[str, float]]]:
    """The messages of each turn."""
    return [[json.loads(message) for _, message in field._turn()] for _ in range(TURNS)]


def test_each_turn_has_a_time_of_its_own(field: Field, turns: list[list[dict[str, float]]]):
    assert len(field.times) == len(turns) == TURNS
    assert all(one < other for one, other in pairwise(field.times))


def test_samples_are_added_up(field: Field, turns: list[list[dict[str, float]]]):
    assert field.sums == [sum(one[tag] for one in turn for tag in SAMPLED) for turn in turns]
    assert max(one["temperature"] for one in turns[HEAT_TURNS]) > 80


def test_parts_are_those_of_the_counters(field: Field, turns: list[list[dict[str, float]]]):
    assert field.parts[-1] == tuple(one["made"] for one in turns[-1])
    assert sum(field.parts[-1]) > 0


def test_a_state_is_remembered_when_it_changes(field: Field, turns: list[list[dict[str, float]]]):
    told = [(at, name) for press, at, name in field.states if press == FIRST]
    assert told == [(field.times[0], "unplanned_stop"), (field.times[STANDS_FOR], "running")]
    assert turns[STANDS_FOR - 1][0]["state"] != turns[STANDS_FOR][0]["state"]
