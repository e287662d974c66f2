"""Waiting for the engines before this one."""

from datetime import UTC, datetime, timedelta

import pytest

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import TopicPartition
from processors.streams.upstream import GIVE_UP_AFTER, LOOK_EVERY, Ends, KafkaUpstream

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
INPUT = TopicPartition("t", 0)


class Others:
    """What they have to read by now; None is a broker that does not answer."""

    def __init__(self, *left: int | None) -> None:
        self._left = list(left)
        self.asked = 0
        self.written = 0
        """Where their inputs end by now."""
        self.asked_up_to: Ends = {}

    async def ends(self) -> Ends:
        return {INPUT: self.written}

    async def unread(self, ends: Ends) -> int:
        self.asked += 1
        self.asked_up_to = ends
        left = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        if left is None:
            raise UnavailableError("no answer")
        return left


async def answers(others: Others, number: int, step: timedelta = LOOK_EVERY) -> list[bool]:
    upstream = KafkaUpstream(others.ends, others.unread)
    return [await upstream.has_told(NOW + step * at) for at in range(number)]


async def test_they_have_told_a_moment_after_they_have_read_all():
    assert await answers(Others(5, None, 3, 0), 6) == [False, False, False, False, True, True]


async def test_they_are_asked_once_a_second_and_no_more_when_it_is_over():
    others = Others(0)
    assert await answers(others, 6, LOOK_EVERY / 2) == [False, False, True, True, True, True]
    assert others.asked == 1


@pytest.mark.parametrize(
    ("left", "is_over"),
    [
        pytest.param((7,), True, id="they stand still"),
        pytest.param((None,), True, id="no broker says how far they are"),
        pytest.param((7, None), True, id="no broker says so any more"),
        pytest.param(tuple(range(99, 0, -1)), False, id="they go on"),
    ],
)
async def test_they_are_waited_for_while_they_go_on(left: tuple[int, ...], is_over: bool):
    told = await answers(Others(*left), GIVE_UP_AFTER.seconds + 3)
    assert told[-1] is is_over


async def test_after_a_time_in_which_nobody_read_they_are_asked_anew_for_all_that_came_in_it():
    others = Others(0, 5, 0)
    upstream = KafkaUpstream(others.ends, others.unread)
    assert [await upstream.has_told(NOW + LOOK_EVERY * at) for at in range(2)] == [False, True]
    others.written = 5

    upstream.begin()

    later = NOW + LOOK_EVERY * 2
    told = [await upstream.has_told(later + LOOK_EVERY * at) for at in range(3)]
    assert told == [False, False, True]
    assert others.asked_up_to == {INPUT: 5}
