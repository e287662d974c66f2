"""Following a topic as it grows, beside all groups: nothing is ever committed."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from enum import StrEnum

from aiokafka import AIOKafkaConsumer, TopicPartition

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.client import client_arguments, stop, translated
from plantstream.runtime.kafka.whole import as_record
from plantstream.runtime.ports import Record
from plantstream.runtime.settings import KafkaSettings

POLL_MS = 500
SILENT_POLLS = 20
"""After so many polls without a record the broker is asked whether it is still there."""
ANSWER_LIMIT_S = 15.0


class Start(StrEnum):
    """Where following begins."""

    OLDEST = "oldest"
    NOW = "now"


@asynccontextmanager
async def following(
    settings: KafkaSettings, topic: str, start: Start
) -> AsyncIterator[AsyncIterator[Record]]:
    """Committed records without end, in order per partition; inside the block, none is missed.

    Raises:
        MisconfiguredError: the broker has no such topic.
        UnavailableError: the broker does not answer, or answers no more.
    """
    partitions = await _partitions(settings, topic)
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        with translated(f"following {topic}", settings):
            await consumer.start()
            consumer.assign(partitions)
            await _seek(consumer, partitions, start)
        yield _records(consumer, partitions, settings)
    finally:
        await stop(consumer)


async def _partitions(settings: KafkaSettings, topic: str) -> list[TopicPartition]:
    known = (await describe_cluster(settings)).topics
    if topic not in known:
        raise MisconfiguredError(
            f"the broker has no topic {topic}; create it with: plantstream topics apply"
        )
    return [TopicPartition(topic, partition) for partition in range(known[topic])]


async def _seek(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], start: Start
) -> None:
    asked = consumer.beginning_offsets if start is Start.OLDEST else consumer.end_offsets
    for partition, offset in (await asked(partitions)).items():
        consumer.seek(partition, offset)


async def _records(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], settings: KafkaSettings
) -> AsyncIterator[Record]:
    silent = 0
    while True:
        with translated("following records", settings):
            polled = await consumer.getmany(timeout_ms=POLL_MS)
            silent = 0 if polled else silent + 1
            if silent >= SILENT_POLLS:
                await _answers(consumer, partitions, settings)
                silent = 0
        for records in polled.values():
            for record in records:
                yield as_record(record)


async def _answers(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition], settings: KafkaSettings
) -> None:
    """A consumer tries again for ever, and a person would wait as long."""
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await consumer.end_offsets(partitions)
    except TimeoutError:
        raise UnavailableError(
            f"Kafka {settings.bootstrap_servers} answers no more: look at its log, then tail again"
        ) from None
