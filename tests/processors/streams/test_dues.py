"""A tick reaches whoever has something to say, each once, and asks nobody else."""

from datetime import timedelta

from hypothesis import given
from hypothesis.strategies import integers, lists, none, sampled_from, tuples

from processors.streams.dues import Dues
from tests.processors.streams.doubles import NOW

SECOND = timedelta(seconds=1)


def seconds(at: int | None):
    return None if at is None else NOW + at * SECOND


class Clocks:
    """States that are due at times of their own, and those who were asked for it."""

    def __init__(self, **times: int | None) -> None:
        self.times: dict[str, int | None] = dict(times)
        self.asked: list[str] = []

    def due(self, key: str):
        self.asked.append(key)
        return seconds(self.times[key])


def round_of(dues: Dues, clocks: Clocks, at: int, most: int = 2) -> list[str]:
    """All that a tick reaches at this second, in portions."""
    found: list[str] = []
    while portion := dues.ripe(NOW + at * SECOND, most, clocks.due):
        found += portion
    return found


def test_whoever_was_never_asked_is_due_at_once_and_need_not_be_looked_at_for_it():
    clocks = Clocks(a=5, b=9, c=None)
    dues = Dues(clocks.times.keys())

    assert dues.ripe(NOW, 2, clocks.due) == ["a", "b"]
    assert clocks.asked == []


def test_a_tick_asks_nobody_of_whom_nothing_is_due():
    clocks = Clocks(a=5, b=9, c=None)
    dues = Dues(clocks.times.keys())
    round_of(dues, clocks, 0)
    clocks.asked.clear()

    assert round_of(dues, clocks, 4) == []
    assert clocks.asked == []
    assert round_of(dues, clocks, 5) == ["a"]


def test_who_is_always_due_has_one_turn_at_a_moment_and_nobody_waits_for_him():
    clocks = Clocks(a=0, b=0, c=0)
    dues = Dues(clocks.times.keys())

    assert round_of(dues, clocks, 1, most=1) == ["a", "b", "c"]
    assert round_of(dues, clocks, 2, most=1) == ["a", "b", "c"]


def test_who_is_put_off_again_and_again_is_queued_once():
    clocks = Clocks(a=10)
    dues = Dues(clocks.times.keys())
    round_of(dues, clocks, 0)
    for at in range(1, 9):
        clocks.times["a"] = 10 + at
        dues.moved(["a"])
        assert round_of(dues, clocks, at) == []
    clocks.asked.clear()

    assert [round_of(dues, clocks, at) for at in (10, 17, 18)] == [[], [], ["a"]]
    assert clocks.asked == ["a", "a", "a"]


def test_a_clock_that_is_set_back_keeps_nobody_from_his_turn():
    clocks = Clocks(a=0, b=0, c=0)
    dues = Dues(clocks.times.keys())
    round_of(dues, clocks, 3600, most=1)

    assert round_of(dues, clocks, 1, most=1) == ["a", "b", "c"]


NAMES = ("a", "b", "c", "d")
STEPS = lists(tuples(sampled_from(NAMES), none() | integers(0, 12), integers(0, 2)), max_size=40)


@given(STEPS, integers(1, 3))
def test_it_reaches_exactly_those_whom_asking_everybody_would_reach(steps, most: int):
    clocks, dues, at = Clocks(), Dues(), 0
    for name, ahead, passed in steps:
        clocks.times[name] = None if ahead is None else at + ahead
        dues.moved([name])
        at += passed
        wanted = {one for one, due in clocks.times.items() if due is not None and due <= at}

        found = round_of(dues, clocks, at, most)

        assert sorted(found) == sorted(wanted) if passed else set(found) <= wanted
        for one in found:
            clocks.times[one] = at + 3
