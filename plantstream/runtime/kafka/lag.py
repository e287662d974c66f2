"""How far readers are behind: records that wait, and when the broker took the oldest of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.kafka.survey import MARKERS
from plantstream.runtime.kafka.whole import POLL_MS
from plantstream.runtime.ports import TopicPartition as OurTopicPartition
from plantstream.runtime.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class Lag:
    """How a reader stands in one partition."""

    position: int | None
    """The next offset that it reads; None where it never said."""
    end: int
    """Where committed records end now."""
    records: int
    """Between both. Beyond `MARKERS`, markers of transactions are counted as records."""
    oldest_ms: int | None
    """When the broker took the oldest record that waits (epoch); None where none does."""


async def lags(
    settings: KafkaSettings,
    partitions: Collection[OurTopicPartition],
    reached: Mapping[OurTopicPartition, int],
) -> dict[OurTopicPartition, Lag]:
    """The lag of one reader in each of these partitions.

    A position that is missing, or before what the broker still keeps, counts from its beginning.
    """
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    with translated("asking how far readers are", settings):
        try:
            await consumer.start()
            wanted = [TopicPartition(one.topic, one.partition) for one in partitions]
            consumer.assign(wanted)
            ends = await consumer.end_offsets(wanted)
            begins = await consumer.beginning_offsets(wanted)
            starts = {tp: max(begins[tp], reached.get(OurTopicPartition(*tp), 0)) for tp in wanted}
            seen = await _look(consumer, starts, ends)
        finally:
            await consumer.stop()
    ours = {tp: OurTopicPartition(*tp) for tp in wanted}
    return {
        where: Lag(reached.get(where), ends[tp], *seen.get(tp, (0, None)))
        for tp, where in ours.items()
    }


async def _look(
    consumer: AIOKafkaConsumer,
    starts: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> dict[TopicPartition, tuple[int, int]]:
    """Number and oldest of the records that wait; only few are read, of the others one."""
    waiting = {tp for tp, start in starts.items() if start < ends[tp]}
    for tp in waiting:
        consumer.seek(tp, starts[tp])
    seen: dict[TopicPartition, tuple[int, int]] = {}
    while waiting:
        found = await consumer.getmany(*waiting, timeout_ms=POLL_MS)
        for tp, records in found.items():
            fresh = [one for one in records if one.offset < ends[tp]]
            if fresh:
                seen[tp] = _with(seen.get(tp), fresh)
        many = {tp for tp in waiting & seen.keys() if ends[tp] - starts[tp] > MARKERS}
        seen |= {tp: (ends[tp] - starts[tp], seen[tp][1]) for tp in many}
        waiting = {tp for tp in waiting - many if await consumer.position(tp) < ends[tp]}
    return seen


def _with(
    before: tuple[int, int] | None, records: "list[ConsumerRecord[bytes, bytes]]"
) -> tuple[int, int]:
    number, oldest = before or (0, records[0].timestamp)
    return number + len(records), oldest
