"""A member of a consumer group that begins where its own books say, not where the group does."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.kafka.whole import as_record
from plantstream.runtime.ports import Record, TopicPartition as Position
from plantstream.runtime.settings import KafkaSettings

SESSION_TIMEOUT_MS = 6_000
HEARTBEAT_MS = 2_000
POLL_MS = 100


class KafkaGroupReader:
    """Reads committed records of some topics as a static member of a group.

    `poll` reports a new assignment before any record of it; the caller seeks, then polls on.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, topics: Sequence[str], slot: str = "0"
    ) -> None:
        self._settings, self._topics = settings, topics
        self._assignment: frozenset[Position] | None = None
        self._consumer = AIOKafkaConsumer(
            **client_arguments(settings),
            group_id=group,
            group_instance_id=f"{group}-{slot}",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )

    async def __aenter__(self) -> Self:
        with translated(f"reading {', '.join(self._topics)}", self._settings):
            try:
                self._consumer.subscribe(self._topics, listener=_Listener(self._remember))
                await self._consumer.start()
            except BaseException:
                await self._consumer.stop()
                raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._consumer.stop()

    def new_assignment(self) -> frozenset[Position] | None:
        """The partitions that are ours, once after each change."""
        found, self._assignment = self._assignment, None
        return found

    async def poll(self, limit: int) -> Mapping[Position, Sequence[Record]]:
        """Records by partition, or none after a short wait or before a new assignment is seen."""
        if self._is_news():
            return {}
        with translated("reading records", self._settings):
            polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=limit)
        if self._is_news():
            return {}
        return {
            Position(tp.topic, tp.partition): [as_record(record) for record in records]
            for tp, records in polled.items()
        }

    async def seek(self, position: Position, offset: int) -> None:
        """Go on with this offset."""
        self._consumer.seek(TopicPartition(position.topic, position.partition), offset)

    async def bounds(self, positions: Collection[Position]) -> Mapping[Position, tuple[int, int]]:
        """First offset and next offset of the log of each partition."""
        wanted = [TopicPartition(one.topic, one.partition) for one in positions]
        with translated("asking for the log's bounds", self._settings):
            first, last = await asyncio.gather(
                self._consumer.beginning_offsets(wanted), self._consumer.end_offsets(wanted)
            )
        return {Position(tp.topic, tp.partition): (first[tp], last[tp]) for tp in wanted}

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """Tell the group how far we are: a hint for lag tools."""
        known = self._consumer.assignment()
        found = {TopicPartition(one.topic, one.partition): next for one, next in offsets.items()}
        ours = {tp: offset for tp, offset in found.items() if tp in known}
        if ours:
            with translated("committing offsets", self._settings):
                await self._consumer.commit(ours)

    def _is_news(self) -> bool:
        return self._assignment is not None

    def _remember(self, assigned: Collection[TopicPartition]) -> None:
        self._assignment = frozenset(Position(tp.topic, tp.partition) for tp in assigned)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, remember: Callable[[Collection[TopicPartition]], None]) -> None:
        self._remember = remember

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing: what we write after this is refused by the fence in the database."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Remember it for the next poll."""
        self._remember(assigned)
