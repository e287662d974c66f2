"""Lag on a real broker: records, and the broker's time of the first one that is unread."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.kafka.lag import Lag, LagMeter, lags
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing, Record, TopicPartition
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, KPI, MACHINE, OEE_STATE
from tests.parts import running_kafka

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


async def send(kafka: KafkaSettings, partition: int, number: int) -> list[Record]:
    async with KafkaBroker(kafka) as broker:
        for _ in range(number):
            await broker.send([Outgoing(MACHINE.name, partition, b"k", b"x")])
    return [one async for one in read_partitions(kafka, MACHINE.name, [partition])]


async def test_lag_is_counted_from_the_oldest_unread_record(kafka):
    sent = await send(kafka, 1, 3)
    place = TopicPartition(MACHINE.name, 1)

    async with LagMeter(kafka) as meter:
        none_read = (await meter.measure({place: 0}))[place]
        one_read = (await meter.measure({place: 1}))[place]
        all_read = (await meter.measure({place: 3}))[place]

    assert none_read == Lag(3, sent[0].timestamp_ms)
    assert one_read == Lag(2, sent[1].timestamp_ms)
    assert all_read == Lag(0)
    later = datetime.fromtimestamp(sent[0].timestamp_ms / 1000, UTC) + timedelta(seconds=90)
    assert [none_read.seconds(later), all_read.seconds(later)] == [90, 0]


async def test_what_stands_still_grows_older_while_more_comes(kafka):
    place = TopicPartition(MACHINE.name, 2)
    (first,) = await send(kafka, 2, 1)

    async with LagMeter(kafka) as meter:
        before = await meter.measure({place: 0})
        await send(kafka, 2, 4)
        after = await meter.measure({place: 0})

    assert before == {place: Lag(1, first.timestamp_ms)}
    assert after == {place: Lag(5, first.timestamp_ms)}


async def test_marks_of_transactions_are_no_lag(kafka):
    output = Outgoing(KPI.name, 3, b"cell", b"1")
    async with KafkaJournal(kafka, "lag", OEE_STATE.name) as journal:
        await journal.claim([3])
        await journal.commit(3, {b"a": b"1"}, [output])
    place = TopicPartition(KPI.name, 3)

    async with LagMeter(kafka) as meter:
        assert await meter.measure({place: 1}) == {place: Lag(0)}
        assert await meter.measure({place: 1}) == {place: Lag(0)}
        assert (await meter.measure({place: 0}))[place].oldest_ms is not None


async def test_a_group_that_never_committed_has_read_nothing(kafka):
    await send(kafka, 4, 2)

    places = [TopicPartition(MACHINE.name, one) for one in range(MACHINE.partitions)]
    async with LagMeter(kafka) as meter:
        found = await lags(meter, "group", places, {})

    assert list(found) == places
    assert [found[places[4]].records, found[places[4]].end, found[places[4]].position] == [
        2,
        2,
        None,
    ]
    assert found[TopicPartition(MACHINE.name, 5)] == Lag(0)
