"""A sample, a part or a change of state that is lost, repeated or made up is found."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.bulk import FRAME_SAMPLES, Bulk
from tests.chaos.plant import PRESSES
from tests.chaos.stored import (
    EACH_TURN,
    Difference,
    Turn,
    of_bulk,
    of_parts,
    of_samples,
    of_states,
)

AT = datetime(2020, 3, 2, 6, tzinfo=UTC)
LATER = AT + timedelta(seconds=1)
SAID = {AT: 400.0, LATER: 580.0}
ALL: dict[datetime, Turn] = {
    AT: (EACH_TURN, EACH_TURN, 400.0),
    LATER: (EACH_TURN, EACH_TURN, 580.0),
}
RUNS, STANDS, RUNS_AGAIN = ("a", AT, "running"), ("a", LATER, "stop"), ("a", LATER, "running")
BULK = Bulk("v1", frames=2, first=1)
BULK_ROWS = FRAME_SAMPLES * len(PRESSES)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(ALL, Difference(), id="all"),
        pytest.param({AT: ALL[AT]}, Difference(lost=EACH_TURN), id="a turn is nowhere"),
        pytest.param(
            ALL | {AT: (EACH_TURN - 1, EACH_TURN - 1, 380.0)}, Difference(lost=1), id="one is lost"
        ),
        pytest.param(
            ALL | {AT: (EACH_TURN + 2, EACH_TURN, 420.0)},
            Difference(repeated=2),
            id="two are twice",
        ),
        pytest.param(
            ALL | {AT: (EACH_TURN, EACH_TURN - 1, 400.0)},
            Difference(lost=1, repeated=1),
            id="one stands in the place of another",
        ),
        pytest.param(ALL | {AT: (EACH_TURN, EACH_TURN, 401.0)}, Difference(wrong=1), id="a value"),
        pytest.param(
            ALL | {AT - timedelta(seconds=1): (3, 3, 60.0)}, Difference(wrong=3), id="a time"
        ),
    ],
)
def test_samples_are_those_that_were_said_at_their_times(
    found: dict[datetime, Turn], told: Difference
):
    assert of_samples(SAID, found) == told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param((BULK_ROWS, BULK_ROWS, BULK.sum), Difference(), id="all"),
        pytest.param((BULK_ROWS - 1, BULK_ROWS - 1, 0), Difference(lost=1), id="one is lost"),
        pytest.param((BULK_ROWS + 1, BULK_ROWS, 0), Difference(repeated=1), id="one is twice"),
        pytest.param((BULK_ROWS, BULK_ROWS, 0), Difference(wrong=1), id="another sum"),
        pytest.param((BULK_ROWS + 1, BULK_ROWS + 1, 0), Difference(wrong=1), id="one too many"),
    ],
)
def test_samples_in_bulk_are_there_once_each(found: tuple[int, int, float], told: Difference):
    assert of_bulk(BULK, found) == told


def test_what_one_press_has_too_much_does_not_make_up_for_another():
    assert of_parts({"a": 5, "b": 5, "c": 5}, {"a": 7, "b": 4}) == Difference(lost=6, repeated=2)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param([RUNS, STANDS], Difference(), id="all"),
        pytest.param([RUNS, RUNS_AGAIN, STANDS], Difference(), id="said again"),
        pytest.param([RUNS], Difference(lost=1), id="lost"),
        pytest.param([RUNS, ("a", LATER, "setup")], Difference(lost=1, wrong=1), id="another"),
        pytest.param([RUNS, STANDS, ("b", AT, "running")], Difference(wrong=1), id="of nobody"),
    ],
)
def test_changes_of_state_are_those_that_were_said(
    found: list[tuple[str, datetime, str]], told: Difference
):
    assert of_states([RUNS, STANDS], found) == told
