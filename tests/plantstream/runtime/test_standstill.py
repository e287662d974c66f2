"""When a consumer stands still, and when it only looks as if it did."""

import pytest

from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.standstill import Look, Standstill, Stuck, step

HERE, THERE = TopicPartition("t", 0), TopicPartition("t", 1)
LIMIT = 3
"""Looks after the first one."""


def stuck_after(*looks: Look) -> list[int]:
    """At which looks something is found to be stuck."""
    state, found = Standstill(), []
    for number, look in enumerate(looks):
        state, stuck = step(state, look, LIMIT)
        if stuck:
            found.append(number)
    return found


def at(position: int, unread: int, excuses: int = 0) -> Look:
    return Look({HERE: position}, {HERE: unread}, excuses)


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        pytest.param([at(5, 1)] * 5, [3, 4], id="it stands and something is unread"),
        pytest.param([at(5, n) for n in range(1, 6)], [3, 4], id="while the topic grows"),
        pytest.param([at(5, 0)] * 9, [], id="idle: nothing is unread"),
        pytest.param([at(n, 99) for n in range(9)], [], id="slow, and moving"),
        pytest.param([at(5, 1, n) for n in range(9)], [], id="the database is away"),
        pytest.param(
            [at(5, 1), at(5, 1), at(5, 1, 1), at(5, 1, 1), at(5, 1, 1), at(5, 1, 1)],
            [5],
            id="it was excused, and then is not",
        ),
        pytest.param([at(5, 1), at(5, 1), at(5, 0), at(5, 1), at(5, 1)], [], id="idle between"),
        pytest.param(
            [at(5, 1), at(5, 1), Look({}, {}), at(5, 1), at(5, 1)], [], id="a rebalance between"
        ),
        pytest.param([at(5, 1)] * 3 + [at(6, 1)] * 3, [], id="it moved just in time"),
    ],
)
def test_it_is_stuck(looks, found):
    assert stuck_after(*looks) == found


def test_the_partition_that_stands_is_named_among_those_that_move():
    state = Standstill()
    for number in range(LIMIT + 1):
        look = Look({HERE: 7, THERE: number}, {HERE: 2, THERE: 2})
        state, stuck = step(state, look, LIMIT)

    assert stuck == [Stuck(HERE, 7, 2)]
