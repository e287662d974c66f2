"""The loop that takes what Faust's consumer fetches: the real consumer, and a broker in memory.

It stands on names of Faust that are not public: with a Faust that lacks them this fails.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.errors import ConsumerStoppedError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Assigned, TopicPartition
from plantstream.runtime.settings import KafkaSettings
from processors.streams import faust_feed
from processors.streams.faust_feed import FaustFeed
from schemas.topics import MACHINE
from tests.parts import eventually

pytestmark = pytest.mark.asyncio
HERE, THERE = TP(MACHINE.name, 3), TP(MACHINE.name, 4)
OURS = Assigned(frozenset(TopicPartition(*one) for one in (HERE, THERE)))
NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:1")
Answer = Mapping[TP, Sequence[Any]] | Exception


def of(partition: TP, *offsets: int) -> Answer:
    """What the broker has of a partition."""
    return {
        partition: [
            ConsumerRecord(*partition, offset, 0, 1, b"key", b"value", None, 3, 5, ())
            for offset in offsets
        ]
    }


class Draining:
    """A feed whose fetcher runs, with answers that are given by hand."""

    def __init__(self) -> None:
        self.feed = FaustFeed(NOBODY, "draining", (MACHINE,), "0")
        self.app: Any = self.feed._app
        self.consumer: Any = self.app.consumer
        vars(self.consumer).update(_getmany=self._getmany, assignment=lambda: {HERE, THERE})
        self.consumer.resume_partitions({HERE, THERE})
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.asked = self.answered = 0

    async def _getmany(self, **asked: Any) -> Any:
        assert asked == {"active_partitions": {HERE, THERE}, "timeout": faust_feed.FETCH_S}
        self.asked += 1
        answer = await self._answers.get()
        self.answered += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def answer(self, answer: Answer) -> None:
        """Answer the question that is asked now, and see that it is taken."""
        times = self.answered + 1
        self._answers.put_nowait(answer)
        await eventually(lambda: self.answered == times)

    async def poll(self) -> list[tuple[int, int]] | Assigned:
        polled = await self.feed.poll(100)
        if isinstance(polled, Assigned):
            return polled
        return [(one.partition, one.offset) for one in polled]


@asynccontextmanager
async def draining() -> AsyncIterator[Draining]:
    it = Draining()
    await it.app._fetcher.start()
    await eventually(lambda: it.asked == 1)
    try:
        yield it
    finally:
        async with asyncio.timeout(5):
            await it.app._fetcher.stop()


async def test_what_was_fetched_is_polled_in_the_order_of_its_partition():
    async with draining() as it:
        await it.answer(of(HERE, 7, 8))
        await it.answer(of(THERE, 0))
        await it.answer(of(HERE, 9))
        assert await it.poll() == [(3, 7), (3, 8), (3, 9), (4, 0)]
        assert await it.poll() == []


async def test_nothing_is_asked_for_while_the_flow_is_stopped_but_what_was_under_way_counts():
    async with draining() as it:
        it.consumer.stop_flow()
        await it.answer(of(HERE, 7))
        assert await it.poll() == [(3, 7)]
        assert await it.poll() == []
        assert it.asked == 1
        it.consumer.resume_flow()
        await eventually(lambda: it.asked == 2)
        await it.answer(of(HERE, 8))
        assert await it.poll() == [(3, 8)]


async def test_what_was_fetched_before_a_rebalance_never_follows_the_assignment():
    async with draining() as it:
        await it.answer(of(HERE, 5, 6))
        it.consumer.stop_flow()
        await it.app.on_partitions_revoked.send({HERE, THERE})
        assert await it.poll() == []
        await it.answer(of(HERE, 7))
        await it.app.on_rebalance_complete.send()
        assert await it.poll() == OURS
        assert await it.poll() == []
        it.consumer.resume_flow()
        await eventually(lambda: it.asked == 2)
        await it.answer(of(HERE, 5))
        assert await it.poll() == [(3, 5)]


async def test_nothing_is_given_while_partitions_are_being_taken_from_us():
    async with draining() as it:
        await it.answer(of(HERE, 5))
        it.app.on_rebalance_start()
        assert await it.poll() == []
        it.app.on_rebalance_end()
        assert await it.poll() == [(3, 5)]


async def test_the_group_deals_from_taking_partitions_until_the_poll_that_tells_of_them():
    async with draining() as it:
        assert not it.feed.is_dealing()
        await it.app.on_partitions_revoked.send({HERE, THERE})
        assert it.feed.is_dealing()
        await it.app.on_rebalance_complete.send()
        assert it.feed.is_dealing()
        assert await it.poll() == OURS
        assert not it.feed.is_dealing()


async def test_nothing_more_is_fetched_while_nobody_polls(monkeypatch):
    monkeypatch.setattr(faust_feed, "BUFFERED_RECORDS", 2)
    async with draining() as it:
        await it.answer(of(HERE, 0, 1, 2))
        assert it.asked == 1
        assert await it.poll() == [(3, 0), (3, 1), (3, 2)]
        await eventually(lambda: it.asked == 2)


async def test_a_rebalance_frees_a_fetcher_that_nobody_polls(monkeypatch):
    monkeypatch.setattr(faust_feed, "BUFFERED_RECORDS", 1)
    async with draining() as it:
        await it.answer(of(HERE, 0))
        it.consumer.stop_flow()
        await it.app.on_partitions_revoked.send({HERE, THERE})
        it.consumer.resume_flow()
        await eventually(lambda: it.asked == 2)


async def test_a_fetcher_that_nobody_polls_can_be_stopped(monkeypatch):
    monkeypatch.setattr(faust_feed, "BUFFERED_RECORDS", 1)
    async with draining() as it:
        await it.answer(of(HERE, 0))
    assert not it.app.crashed


async def test_why_fetching_failed_is_what_the_poll_ends_with():
    async with draining() as it:
        await it.answer(OffsetOutOfRangeError("gone"))
        await eventually(it.app._crashed.is_set)
        with pytest.raises(UnavailableError, match="gone"):
            await it.poll()


async def test_a_consumer_that_stops_with_the_app_is_no_failure():
    async with draining() as it:
        it.app._stopped.set()
        await it.answer(ConsumerStoppedError())
        await eventually(it.app._fetcher._shutdown.is_set)
    assert not it.app.crashed


async def test_what_was_dealt_and_taken_away_before_anybody_asked_is_not_given_out():
    feed = Draining().feed
    await feed._hold()

    await feed._rest()

    assert feed.is_dealing()
    assert not isinstance(await feed.poll(1), Assigned)
    await feed._hold()
    assert await feed.poll(1) == OURS
