"""Topics read whole and then followed, by somebody who knows what he has seen before."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.client import client_arguments, stop, translated
from plantstream.runtime.kafka.whole import as_record
from plantstream.runtime.ports import Record, TopicPartition as Position
from plantstream.runtime.reach import Reach
from plantstream.runtime.settings import KafkaSettings

POLL_MS = 500
COMMIT_EVERY_S = 5.0


class Recalled(NamedTuple):
    """A record, and whether it is news."""

    record: Record
    is_news: bool
    """False of what stood there when the group first looked, and of what it has seen since."""


class Recall:
    """Reads its topics from the beginning, or so far back, and goes on; a member of no group.

    How far it came is committed for its group: after a restart the rest alone is news. What was
    seen within `COMMIT_EVERY_S` before a crash may be news again.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        settings: KafkaSettings,
        ends: Mapping[TopicPartition, int],
        back: Mapping[str, timedelta | None],
    ) -> None:
        self._consumer, self._settings = consumer, settings
        self._ends, self._back = dict(ends), back
        self._seen: dict[TopicPartition, int] = {}
        self._committed_at = 0.0
        self.reach = Reach()
        """How far it is, for whoever watches it."""
        self.is_complete = False
        """Whether all has been given that stood there at the beginning."""

    async def begin(self) -> None:
        """Go to the beginning; where the group has never looked, all that stands there is known."""
        for partition, end in self._ends.items():
            committed = await self._consumer.committed(partition)
            self._seen[partition] = end if committed is None else committed
        await self._commit(self._seen)
        whole = [one for one in self._ends if self._back.get(one.topic) is None]
        if whole:
            await self._consumer.seek_to_beginning(*whole)
        for partition, offset in (await self._starts()).items():
            self._consumer.seek(partition, offset)

    async def _starts(self) -> Mapping[TopicPartition, int]:
        """Where to begin with topics of which only the newest part is read; the broker's clock."""
        now = clock.now()
        since = {
            one: int((now - back).timestamp() * 1000)
            for one in self._ends
            if (back := self._back.get(one.topic)) is not None
        }
        if not since:
            return {}
        found = await self._consumer.offsets_for_times(since)
        return {one: at.offset if at else self._ends[one] for one, at in found.items()}

    async def batches(self) -> AsyncIterator[Sequence[Recalled]]:
        """Records as they come, and nothing where none came for a while.

        Raises:
            UnavailableError: the broker does not answer.
        """
        while True:
            with translated("following records", self._settings):
                polled = await self._consumer.getmany(timeout_ms=POLL_MS)
                yield [
                    Recalled(as_record(one), one.offset >= self._seen[partition])
                    for partition, records in polled.items()
                    for one in records
                ]
                positions = {one: await self._consumer.position(one) for one in self._ends}
                self.reach.owns(
                    {Position(one.topic, one.partition): at for one, at in positions.items()}
                )
                self.is_complete = self.is_complete or all(
                    positions[one] >= end for one, end in self._ends.items()
                )
                if self.is_complete and clock.monotonic() - self._committed_at > COMMIT_EVERY_S:
                    await self._commit(positions)

    async def _commit(self, positions: Mapping[TopicPartition, int]) -> None:
        await self._consumer.commit(dict(positions))
        self._committed_at = clock.monotonic()


@asynccontextmanager
async def recalling(
    settings: KafkaSettings,
    group: str,
    topics: Mapping[str, timedelta | None],
    reach: Reach | None = None,
) -> AsyncIterator[Recall]:
    """What stands in these topics, so far back or (None) all of it, and all that comes.

    `reach` is told how far it is.

    Raises:
        MisconfiguredError: the broker has not all of them.
        UnavailableError: it does not answer.
    """
    known = (await describe_cluster(settings)).topics
    missing = [name for name in topics if name not in known]
    if missing:
        raise MisconfiguredError(
            f"the broker has no topic {', '.join(missing)}; "
            "create them with: plantstream topics apply"
        )
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        group_id=group,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        with translated(f"following {', '.join(topics)}", settings):
            await consumer.start()
            partitions = [
                TopicPartition(name, one) for name in topics for one in range(known[name])
            ]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            recall = Recall(consumer, settings, ends, topics)
            recall.reach = reach or recall.reach
            await recall.begin()
        yield recall
    finally:
        await stop(consumer)
