"""What nobody saw: from the last sign of the equipment to the next, whatever fails in between."""

from datetime import datetime

import pytest

from ingest.input import Alarm, Alive, Back, Missed, Sample, Told, Unreadable
from ingest.mapping import NO_COMMUNICATION
from ingest.unseen import Unseen
from tests.ingest.kit import REACTOR, STATION, at, sample

HERE = ("line", REACTOR)
ALARM = Alarm(REACTOR, "c", "n", "o", "o", 1, "m", True, False, True, at(52))


def lost() -> Unseen:
    """The reactor is lost at 10, and asked again at 50."""
    unseen = Unseen({})
    unseen.lose([HERE], at(10), "it failed")
    unseen.begin("line", at(50))
    return unseen


def missed(end: datetime) -> Missed:
    return Missed(REACTOR, at(10), end, "it failed", source="line")


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        pytest.param(sample("good", 1, 52), at(52), id="a value of now"),
        pytest.param(Alive(REACTOR, at(52)), at(52), id="a sign of life"),
        pytest.param(ALARM, at(52), id="an alarm"),
        pytest.param(sample("good", 1, 20), at(60), id="a value that was so before"),
        pytest.param(sample("good", 1, 99), at(60), id="a value of a clock that runs ahead"),
        pytest.param(Back(REACTOR, at(51), whole=False), at(51), id="the word of the input"),
    ],
)
def test_a_hole_ends_with_the_first_sign_of_the_equipment(seen: Told, end: datetime) -> None:
    assert lost().ended("line", [seen], at(60)) == {HERE: missed(end)}


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(sample("good", 1, 52, equipment=STATION), id="another equipment"),
        pytest.param(sample("good", None, 52, quality=NO_COMMUNICATION), id="a bad value"),
        pytest.param(Sample(REACTOR, "good", 1, at(9), historical=True), id="an old value"),
        pytest.param(Unreadable("here", None, b"", "no tag"), id="a complaint"),
    ],
)
def test_a_hole_stays_open_without_a_sign(seen: Told) -> None:
    assert lost().ended("line", [seen], at(60)) == {}


def test_a_source_that_kept_everything_leaves_no_hole_to_tell() -> None:
    told: list[Told] = [Back(REACTOR, at(51), whole=True), sample("good", 1, 52)]
    assert lost().ended("line", told, at(60)) == {HERE: None}


def test_a_sign_at_another_source_ends_no_hole() -> None:
    assert lost().ended("other", [Alive(REACTOR, at(52))], at(60)) == {}


def test_a_hole_begins_where_it_began_however_often_the_source_fails() -> None:
    unseen = lost()
    unseen.lose([HERE], at(55), "it failed again")
    assert unseen.ended("line", [Alive(REACTOR, at(58))], at(60)) == {HERE: missed(at(58))}


def test_a_hole_that_was_told_is_closed() -> None:
    unseen = lost()
    unseen.close([HERE])
    assert unseen.ended("line", [Alive(REACTOR, at(58))], at(60)) == {}


def test_open_holes_survive_a_restart_and_closed_ones_do_not() -> None:
    unseen = lost()
    unseen.saw("line", at(9))
    stored = unseen.memory({})
    again = Unseen(stored)
    again.begin("line", at(70))
    assert again.seen("line") == at(9)
    assert again.ended("line", [Alive(REACTOR, at(71))], at(80)) == {HERE: missed(at(71))}

    unseen.close([HERE])
    after = Unseen(stored | unseen.memory(stored))
    assert after.ended("line", [Alive(REACTOR, at(71))], at(80)) == {}


def test_holes_are_written_only_when_they_change() -> None:
    unseen = lost()
    stored = unseen.memory({})
    assert stored.keys() > unseen.memory(stored).keys()


def test_a_hole_of_what_is_read_no_more_ends_at_once() -> None:
    assert lost().leave([], at(60)) == {HERE: missed(at(60))}
    assert lost().leave([HERE], at(60)) == {}
