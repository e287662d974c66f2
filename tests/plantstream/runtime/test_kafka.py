"""The adapters on a real broker: what the loops rest on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from plantstream.embedded.waiting import until
from plantstream.runtime.errors import FencedError, MisconfiguredError, RejectedError
from plantstream.runtime.kafka.admin import apply_topics, committed_offsets, end_offsets
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.inbox import KafkaInbox
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.reader import KafkaGroupReader
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, KPI, MACHINE, NOTIFICATION, OEE_STATE, TELEMETRY
from tests.parts import running_kafka

READ = TELEMETRY
"""A topic that only the tests of the reader write."""
INBOX = NOTIFICATION
"""And one that only those of the inbox do."""

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


async def read(kafka: KafkaSettings, topic: str, partition: int) -> list[Record]:
    return [record async for record in read_partitions(kafka, topic, [partition])]


async def test_topics_are_created_once_and_then_only_configured(kafka):
    assert {one.what for one in await apply_topics(kafka, CATALOGUE)} == {"configured"}


async def test_records_come_back_in_the_order_in_which_they_were_sent(kafka):
    sent = [Outgoing(MACHINE.name, 1, b"k", b"%d" % n) for n in range(1000)]
    async with KafkaBroker(kafka) as broker:
        await broker.send(sent[:500])
        await broker.send(sent[500:])
    assert [one.value for one in await read(kafka, MACHINE.name, 1)] == [one.value for one in sent]


async def test_a_broker_says_where_the_next_record_will_stand(kafka):
    first, second = TopicPartition(MACHINE.name, 3), TopicPartition(MACHINE.name, 4)

    async with KafkaBroker(kafka) as broker:
        await broker.send([Outgoing(first.topic, first.partition, b"k", b"x")])
        many = Outgoing(second.topic, second.partition, b"k", b"x" * 300_000)
        await broker.send([many] * 5)

        ends = await end_offsets(kafka, [MACHINE])
        assert broker.written == {first: ends[first], second: ends[second]}


async def test_a_record_that_is_too_large_is_rejected_and_the_next_one_is_taken(kafka):
    async with KafkaBroker(kafka) as broker:
        with pytest.raises(RejectedError, match="too large"):
            await broker.send([Outgoing(MACHINE.name, 2, b"k", b"x" * 3_000_000)])
        await broker.send([Outgoing(MACHINE.name, 2, b"k", b"small")])
    assert [one.value for one in await read(kafka, MACHINE.name, 2)] == [b"small"]


async def test_rows_and_outputs_of_a_commit_are_there_together(kafka):
    output = Outgoing(KPI.name, 3, b"cell", b"1")
    async with KafkaJournal(kafka, "t1", OEE_STATE.name) as journal:
        assert await journal.claim([3]) == {3: {}}
        await journal.commit(3, {b"a": b"1", b"b": b"2"}, [output])
        await journal.commit(3, {b"a": b"3", b"b": None}, [output])
    async with KafkaJournal(kafka, "t1", OEE_STATE.name) as journal:
        assert await journal.claim([3]) == {3: {b"a": b"3"}}
    assert [one.value for one in await read(kafka, KPI.name, 3)] == [b"1", b"1"]


async def test_a_worker_whose_partition_was_claimed_by_another_can_write_nothing(kafka):
    async with (
        KafkaJournal(kafka, "t2", OEE_STATE.name) as frozen,
        KafkaJournal(kafka, "t2", OEE_STATE.name) as owner,
    ):
        await frozen.claim([4])
        await frozen.commit(4, {b"a": b"frozen"}, [])
        await owner.claim([4])
        await owner.commit(4, {b"a": b"owner"}, [])
        with pytest.raises(FencedError, match="taken over"):
            await frozen.commit(4, {b"a": b"woken"}, [Outgoing(KPI.name, 4, b"c", b"woken")])
        assert await owner.claim([4]) == {4: {b"a": b"owner"}}
    assert await read(kafka, KPI.name, 4) == []


async def test_who_is_fenced_between_two_records_is_told_so(kafka, monkeypatch):
    async with (
        KafkaJournal(kafka, "t6", OEE_STATE.name) as frozen,
        KafkaJournal(kafka, "t6", OEE_STATE.name) as owner,
    ):
        await frozen.claim([4])
        await owner.claim([4])
        producer = frozen._producers[4]
        send_now = producer.send

        async def send_once_fenced(topic, *args, **fields):
            if topic == KPI.name:
                async with asyncio.timeout(20):
                    await until(producer._txn_manager.is_fatal_error, every_s=0.01)
            return await send_now(topic, *args, **fields)

        monkeypatch.setattr(producer, "send", send_once_fenced)
        with pytest.raises(FencedError, match="taken over"):
            await frozen.commit(4, {b"a": b"woken"}, [Outgoing(KPI.name, 4, b"c", b"woken")])


async def test_what_a_dead_worker_had_not_committed_is_undone_by_the_next_claim(kafka):
    async with KafkaJournal(kafka, "t3", OEE_STATE.name) as dead:
        await dead.claim([5])
        await dead.commit(5, {b"a": b"1"}, [])
        producer = dead._producers[5]
        await producer.begin_transaction()
        await producer.send_and_wait(OEE_STATE.name, b"half", key=b"a", partition=5)
        async with KafkaJournal(kafka, "t3", OEE_STATE.name) as successor:
            assert await successor.claim([5]) == {5: {b"a": b"1"}}


async def test_one_output_too_large_undoes_the_whole_commit(kafka):
    async with KafkaJournal(kafka, "t4", OEE_STATE.name) as journal:
        await journal.claim([6])
        huge = Outgoing(KPI.name, 6, b"c", b"x" * 3_000_000)
        with pytest.raises(RejectedError):
            await journal.commit(6, {b"a": b"1"}, [huge])
        assert await journal.claim([6]) == {6: {}}


async def assigned(reader: KafkaGroupReader) -> Assigned:
    async with asyncio.timeout(20):
        while True:
            polled = await reader.poll(100)
            if isinstance(polled, Assigned):
                return polled


async def seek_all(reader: KafkaGroupReader, ours: Assigned) -> None:
    for where in ours.partitions:
        await reader.seek(where, 0)


async def records(reader: KafkaGroupReader, number: int) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(20):
        while len(found) < number:
            polled = await reader.poll(100)
            assert not isinstance(polled, Assigned)
            found += polled
    return found


async def test_a_reader_gives_nothing_of_a_partition_before_it_was_told_where_to_begin(kafka):
    where = TopicPartition(READ.name, 7)
    async with KafkaBroker(kafka) as broker:
        await broker.send([Outgoing(READ.name, 7, b"k", b"%d" % n) for n in range(10)])
    async with KafkaGroupReader(kafka, "r1", [READ.name]) as reader:
        ours = await assigned(reader)
        for _ in range(3):
            assert await reader.poll(100) == []
        await seek_all(reader, ours)
        await reader.seek(where, 4)
        assert [one.offset for one in await records(reader, 6) if one.partition == 7] == [
            4,
            5,
            6,
            7,
            8,
            9,
        ]
        await reader.commit({where: 10})
    assert (await committed_offsets(kafka, "r1"))[where] == 10


async def test_a_reader_outside_of_the_log_is_told_so_instead_of_being_moved(kafka):
    where = TopicPartition(READ.name, 8)
    async with KafkaGroupReader(kafka, "r2", [READ.name]) as reader:
        await seek_all(reader, await assigned(reader))
        await reader.seek(where, 1_000_000)
        assert where in (await assigned(reader)).partitions
        assert (await reader.bounds([where]))[where].end == 0


async def test_a_reader_that_is_held_keeps_nothing_and_goes_on_where_it_was(kafka):
    sent = [Outgoing(READ.name, 9, b"k", b"%d" % n) for n in range(300)]
    async with KafkaBroker(kafka) as broker:
        await broker.send(sent)
    async with KafkaGroupReader(kafka, "r3", [READ.name]) as reader:
        await seek_all(reader, await assigned(reader))
        found: list[Record] = []
        while sum(one.partition == 9 for one in found) < 300:
            polled = await reader.poll(20)  # Much more than that has been fetched ahead.
            assert not isinstance(polled, Assigned)
            found += polled
            for _ in range(2):
                await reader.hold()
            assert reader._consumer._fetcher._records == {}
            assert reader._consumer.paused() == reader._consumer.assignment()

    assert [one.offset for one in found if one.partition == 9] == list(range(300))


async def test_a_topic_that_is_missing_is_named_with_what_to_do(kafka):
    async with KafkaBroker(kafka) as broker:
        with pytest.raises(MisconfiguredError, match="topics apply"):
            await broker.send([Outgoing("plant.nothing.v1", 0, b"k", b"v")])


async def test_end_offsets_of_a_topic_written_in_transactions_do_not_count_what_is_open(kafka):
    async with KafkaJournal(kafka, "t5", OEE_STATE.name) as journal:
        await journal.claim([9])
        producer = journal._producers[9]
        await producer.begin_transaction()
        await producer.send_and_wait(KPI.name, b"open", key=b"c", partition=9)
        assert (await end_offsets(kafka, [KPI]))[TopicPartition(KPI.name, 9)] == 0


async def read_by(inbox: KafkaInbox, count: int) -> list[Record]:
    """So many records; the caller is through with all others by then."""
    found: list[Record] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            polled = await inbox.poll(100)
            found += polled if not isinstance(polled, Assigned) else ()
    return found


async def test_an_inbox_begins_with_the_oldest_record_then_where_it_committed(kafka):
    numbers = [Outgoing(INBOX.name, 0, b"k", b"%d" % n) for n in range(20)]
    async with KafkaBroker(kafka) as broker:
        await broker.send(numbers)
    async with KafkaInbox(kafka, "g-inbox", [INBOX.name]) as inbox:
        found = await read_by(inbox, 20)
        await inbox.commit({TopicPartition(INBOX.name, 0): 15})
    async with KafkaInbox(kafka, "g-inbox", [INBOX.name]) as inbox:
        left = await read_by(inbox, 5)
    async with KafkaInbox(kafka, "g-inbox", [INBOX.name], again=3) as inbox:
        again = await read_by(inbox, 8)
    async with KafkaInbox(kafka, "g-inbox", [INBOX.name], again=1000) as inbox:
        everything = await read_by(inbox, 20)

    assert [one.offset for one in found] == list(range(20))
    assert [one.offset for one in left] == list(range(15, 20))
    assert [one.offset for one in again] == list(range(12, 20))
    assert [one.offset for one in everything] == list(range(20))


async def test_an_inbox_is_through_with_what_it_was_given_before_another_has_it(kafka):
    said: list[tuple[str, int]] = []

    async def member(slot: str, until_met: asyncio.Event) -> None:
        async with KafkaInbox(kafka, "g-shared", [INBOX.name], slot) as inbox:
            while not until_met.is_set():
                polled = await inbox.poll(10)
                if isinstance(polled, Assigned):
                    said.append((slot, len(polled.partitions)))

    met = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(member("0", met))
        await until(lambda: ("0", INBOX.partitions) in said, every_s=0.05)
        tasks.create_task(member("1", met))
        await until(lambda: any(slot == "1" for slot, _ in said), every_s=0.05)
        await until(lambda: said[-1][1] > 0 and len(said) >= 4, every_s=0.05)
        met.set()

    begin = said.index(("0", INBOX.partitions))
    assert said[begin + 1] == ("0", 0)
    assert sum(number for _, number in said[begin + 2 :]) == INBOX.partitions
