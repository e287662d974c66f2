"""The engine says when it has to be told the time: as soon as a tick would do anything."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import integers, none

from processors.oee.book import Book
from processors.oee.engine import OeeEngine
from processors.oee.state import OeeState
from tests.makers import PATH, plant

SEEN = datetime(2026, 3, 2, 7, tzinfo=UTC)
ENGINE, PLANT = OeeEngine(), plant()
STATE = OeeState("", PATH, Book(), PLANT.version, seen=SEEN)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000


def does_anything(state: OeeState, now: datetime) -> bool:
    return ENGINE.tick(state, now, PLANT).state is not state


def test_who_never_said_anything_is_never_due():
    assert ENGINE.due(STATE._replace(seen=None)) is None


@pytest.mark.parametrize(
    ("ticked_s", "due_s"),
    [
        pytest.param(None, 10, id="never told"),
        pytest.param(10, 20, id="told a moment ago"),
        pytest.param(1900, 2000, id="silent for long"),
    ],
)
def test_it_is_due(ticked_s: int | None, due_s: int):
    ticked = None if ticked_s is None else SEEN + timedelta(seconds=ticked_s)
    due = ENGINE.due(STATE._replace(ticked=ticked))

    assert due is not None
    assert abs(due - SEEN - timedelta(seconds=due_s)) <= MICROSECOND


@given(none() | integers(-60_000_000, DAY_US), integers(0, DAY_US), integers(-3, 3))
def test_it_is_due_exactly_when_a_tick_does_something(ticked_us, later_us, near_us):
    ticked = None if ticked_us is None else SEEN + ticked_us * MICROSECOND
    state = STATE._replace(ticked=ticked)
    due = ENGINE.due(state)
    assert due is not None

    for now in (SEEN + later_us * MICROSECOND, due + near_us * MICROSECOND):
        if does_anything(state, now):
            assert due <= now
        else:
            assert now < due + 2 * MICROSECOND
