"""What waits between fetching and polling: order per partition, and a turn for each of them."""

import pytest

from processors.streams.fetched import Fetched

pytestmark = pytest.mark.asyncio


def fetched(most: int = 100, **partitions: str) -> Fetched[str, str]:
    made: Fetched[str, str] = Fetched(most)
    made.add(partitions)
    return made


async def test_records_of_a_partition_come_in_their_order():
    waiting = fetched(a="12345")
    waiting.add({"a": "678"})
    assert "".join(waiting.take(6) + waiting.take(6)) == "12345678"


async def test_a_backlog_of_one_partition_does_not_keep_others_waiting():
    waiting = fetched(a="a" * 90, b="bb", c="c")
    assert "".join(waiting.take(9)) == "aaabbc"
    assert "".join(waiting.take(9)) == "a" * 9


async def test_each_partition_has_its_turn_even_if_one_record_is_asked_for():
    waiting = fetched(a="aa", b="bb")
    assert [waiting.take(1) for _ in range(5)] == [["a"], ["b"], ["a"], ["b"], []]


async def test_it_says_whether_anything_waits_and_whether_more_may_come():
    waiting = fetched(most=3)
    told = [(waiting.comes.is_set(), waiting.has_room.is_set())]
    for change in (
        lambda: waiting.add({"a": "12", "b": "3"}),
        lambda: waiting.take(2),
        lambda: waiting.add({"a": "4"}),
        waiting.forget,
    ):
        change()
        told.append((waiting.comes.is_set(), waiting.has_room.is_set()))
    assert told == [(False, True), (True, False), (True, True), (True, True), (False, True)]
