"""The feed on a real broker: a topic that processors write in transactions has no holes for us."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.group import LeaveGroupRequest

from plantstream.runtime.kafka.admin import apply_topics, committed_offsets, end_offsets
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.client import client_arguments
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from plantstream.runtime.settings import KafkaSettings
from processors.streams.batch import unread
from processors.streams.faust_feed import FaustFeed, group_of
from processors.streams.memory import Memory
from schemas.topics import ALERT, CATALOGUE, RULES_STATE
from tests.parts import running_kafka

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
SOURCE = TopicPartition(ALERT.name, 0)
LIMIT_S = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


def waits(feed: FaustFeed, position: int) -> bool:
    """Whether anything is left to read, as far as it is known."""
    end = feed.end(SOURCE)
    return end is None or not feed.is_read(SOURCE, position, end)


class Follower:
    """What a shell does with what a feed gives: nothing is taken out of turn."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.values: list[bytes | None] = []

    @property
    def position(self) -> int:
        return self.memory.positions.get(ALERT.name, 0)

    def take(self, polled: Sequence[Record]) -> None:
        fresh, missing = unread(self.memory, polled)
        assert not missing, (missing, polled)
        self.values += [one.value for one in fresh]
        for one in fresh:
            self.memory.positions[ALERT.name] = one.end

    async def follow(self, feed: FaustFeed, number: int) -> None:
        """Take until so many values are there and nothing more waits."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.values) < number or waits(feed, self.position):
                polled = await feed.poll(100)
                if not isinstance(polled, Assigned):
                    self.take(polled)


def said(*texts: str) -> list[Outgoing]:
    return [Outgoing(ALERT.name, 0, b"site", text.encode()) for text in texts]


async def broken_off(journal: KafkaJournal, partition: int) -> None:
    """A transaction that nobody ends."""
    producer = journal._producers[partition]
    await producer.begin_transaction()
    await producer.send_and_wait(ALERT.name, b"never", key=b"site", partition=0)


async def test_what_lies_between_the_records_of_transactions_is_no_hole(kafka):
    async with (
        KafkaJournal(kafka, "f1", RULES_STATE.name) as one,
        KafkaJournal(kafka, "f2", RULES_STATE.name) as other,
        KafkaBroker(kafka) as plain,
    ):
        await one.claim([1])
        await other.claim([2])
        await one.commit(1, {b"r": b"1"}, said("a", "b"))
        await other.commit(2, {}, said("c"))
        await broken_off(one, 1)
        await one.claim([1])
        await one.commit(1, {}, said("d"))
        await plain.send(said("e"))
        await other.commit(2, {}, said("f", "g"))
    follower = Follower()
    async with FaustFeed(kafka, "follower", (ALERT,), "0") as feed:
        await follower.follow(feed, 7)
    assert follower.values == [b"a", b"b", b"c", b"d", b"e", b"f", b"g"]
    assert follower.position == (await end_offsets(kafka, [ALERT]))[SOURCE]


async def test_nothing_waits_behind_the_last_mark_even_after_a_restart(kafka):
    follower = Follower()
    async with KafkaJournal(kafka, "f3", RULES_STATE.name) as journal:
        await journal.claim([3])
        for group in ("once", "twice"):
            async with FaustFeed(kafka, "restarted", (ALERT,), "0") as feed:
                for number in range(20):
                    await journal.commit(3, {}, said(f"{group} {number}"))
                    await asyncio.sleep(0)
                await follower.follow(feed, 7 + (20 if group == "once" else 40))
                assert not waits(feed, follower.position)
                await feed.commit({SOURCE: follower.position})
    assert len(follower.values) == len(set(follower.values)) == 47


async def test_what_a_transaction_may_still_take_back_is_not_read(kafka):
    follower = Follower()
    async with KafkaJournal(kafka, "f4", RULES_STATE.name) as journal:
        await journal.claim([4])
        async with FaustFeed(kafka, "patient", (ALERT,), "0") as feed:
            await broken_off(journal, 4)
            await follower.follow(feed, 47)
            await journal.claim([4])
            await journal.commit(4, {}, said("after"))
            await follower.follow(feed, 48)
    assert b"never" not in follower.values
    assert follower.values[-1] == b"after"


async def test_the_group_says_who_is_a_member_and_refuses_whom_it_gave_up(kafka):
    async with FaustFeed(kafka, "counted", (ALERT,), "0") as feed:
        await assigned(feed)
        assert await feed.is_member()
        await feed.commit({SOURCE: 7})
        assert await feed.is_member()
        assert (await committed_offsets(kafka, group_of("counted")))[SOURCE] == 7

        await give_up(kafka, feed)

        assert not await feed.is_member()
        await assigned(feed)
        assert await feed.is_member()


async def assigned(feed: FaustFeed) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not isinstance(await feed.poll(100), Assigned):
            pass


async def give_up(settings: KafkaSettings, feed: FaustFeed) -> None:
    """As a broker does that has not heard of a member for a whole session."""
    coordinator = feed._reader._coordinator
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    await admin.start()
    try:
        leaving = LeaveGroupRequest(coordinator.group_id, coordinator.member_id)
        answer = await admin._send_request(leaving, coordinator.coordinator_id)
    finally:
        await admin.close()
    assert answer.error_code == 0
