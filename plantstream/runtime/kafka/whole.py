"""Topics that are read whole: from their beginning to where they end now."""

from collections.abc import AsyncIterator, Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from plantstream.runtime.kafka.client import client_arguments, stop, translated
from plantstream.runtime.ports import Record
from plantstream.runtime.settings import KafkaSettings

POLL_MS = 50
"""Markers of transactions wake nobody: so long is lost after the last of them."""


async def read_partitions(
    settings: KafkaSettings, topic: str, partitions: Collection[int] | Mapping[int, int]
) -> AsyncIterator[Record]:
    """All records that are committed by now, in order per partition.

    Partitions with offsets begin there. Markers of transactions are no records: the end of a log
    alone does not say whether any record is left.
    """
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    with translated(f"reading {topic}", settings):
        try:
            await consumer.start()
            waiting = {TopicPartition(topic, partition) for partition in partitions}
            consumer.assign(waiting)
            ends = await consumer.end_offsets(waiting)
            await consumer.seek_to_beginning(*waiting)
            for partition, offset in (
                dict(partitions).items() if isinstance(partitions, Mapping) else ()
            ):
                consumer.seek(TopicPartition(topic, partition), offset)
            while True:
                waiting = {tp for tp in waiting if await consumer.position(tp) < ends[tp]}
                if not waiting:
                    return
                for records in (await consumer.getmany(*waiting, timeout_ms=POLL_MS)).values():
                    for record in records:
                        yield as_record(record)
        finally:
            await stop(consumer)


def as_record(record: "ConsumerRecord[bytes, bytes]") -> Record:
    """The driver's record as ours."""
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        timestamp_ms=record.timestamp,
        headers=record.headers,
    )
