"""A member of a consumer group that begins where its own books say, not where the group does."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, NoOffsetForPartitionError, OffsetOutOfRangeError

from plantstream.runtime.kafka.admin import describe_cluster
from plantstream.runtime.kafka.client import client_arguments, start, stop, translated
from plantstream.runtime.kafka.whole import as_record
from plantstream.runtime.ports import Assigned, Bounds, Record, TopicPartition as Position
from plantstream.runtime.reach import Reach
from plantstream.runtime.settings import KafkaSettings

_LOST_POSITION = (NoOffsetForPartitionError, OffsetOutOfRangeError)
SESSION_TIMEOUT_MS = 6_000
HEARTBEAT_MS = 2_000
POLL_MS = 100
ANSWER_MS = 100
"""The broker answers this soon, also with nothing. Who has not yet taken what was fetched asks for
the other partitions alone; where those are quiet, what comes meanwhile waits for that answer."""
PARTITION_FETCH_BYTES = 1024 * 1024
"""Of a partition's compressed records ahead of the caller; a larger record comes alone."""


class KafkaGroupReader:
    """Reads committed records of some topics as a static member of a group.

    `poll` reports a new assignment before any record of it, and gives nothing of a partition until
    the caller has said by `seek` where to go on.
    """

    def __init__(
        self, settings: KafkaSettings, group: str, topics: Sequence[str], slot: str = "0"
    ) -> None:
        self._settings, self._topics = settings, topics
        self._assigned: Assigned | None = None
        self._held: frozenset[TopicPartition] = frozenset()
        self.reach = Reach()
        """What it has given; a caller who has books of his own brings one that knows better."""
        self._others: list[Reach] = []
        self._consumer = AIOKafkaConsumer(
            **client_arguments(settings),
            group_id=group,
            group_instance_id=f"{group}-{slot}",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            fetch_max_wait_ms=ANSWER_MS,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
        )

    async def __aenter__(self) -> Self:
        with translated(f"reading {', '.join(self._topics)}", self._settings):
            self._consumer.subscribe(self._topics, listener=_Listener(self))
            await start(self._consumer)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await stop(self._consumer)

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Up to `limit` records, or none after a short wait, or what is ours from here on."""
        self._go_on()
        if self._assigned is None:
            with translated("reading records", self._settings):
                try:
                    polled = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=limit)
                except NoOffsetForPartitionError:
                    return []  # The group has no offset, and the caller has not said his yet.
                except OffsetOutOfRangeError:
                    self.remember(self._consumer.assignment())
        if self._assigned is not None:
            assigned, self._assigned = self._assigned, None
            self.reach.owns({})
            return assigned
        given = [as_record(record) for records in polled.values() for record in records]
        self.reach.read(given)
        return given

    async def hold(self) -> None:
        """Fetch nothing until the next `poll`, keep nothing that was fetched ahead, stay a member.

        The driver leaves a group whose member asked for nothing for five minutes.
        """
        flowing = self._consumer.assignment() - self._consumer.paused()
        self._consumer.pause(*flowing)
        self._held |= flowing
        with translated("staying in the group", self._settings), suppress(*_LOST_POSITION):
            await self._consumer.getmany(timeout_ms=0)

    async def cluster_id(self) -> str:
        """Which cluster this is; another id means another log."""
        return (await describe_cluster(self._settings)).cluster_id

    async def seek(self, partition: Position, offset: int) -> None:
        """Go on with this offset; without effect on a partition that is ours no more."""
        tp = TopicPartition(partition.topic, partition.partition)
        if tp in self._consumer.assignment():
            self._consumer.seek(tp, offset)
            self._consumer.resume(tp)
            self.reach.begins(partition, offset)

    async def bounds(self, partitions: Collection[Position]) -> Mapping[Position, Bounds]:
        """What these partitions hold now."""
        wanted = [TopicPartition(one.topic, one.partition) for one in partitions]
        with translated("asking for the log's bounds", self._settings):
            first, last = await asyncio.gather(
                self._consumer.beginning_offsets(wanted), self._consumer.end_offsets(wanted)
            )
        return {Position(tp.topic, tp.partition): Bounds(first[tp], last[tp]) for tp in wanted}

    async def committed(self, partitions: Collection[Position]) -> Mapping[Position, int]:
        """What the group has committed of these partitions, where it has committed anything."""
        with translated("asking for committed offsets", self._settings):
            wanted = {one: TopicPartition(one.topic, one.partition) for one in partitions}
            found = {one: await self._consumer.committed(tp) for one, tp in wanted.items()}
        return {one: offset for one, offset in found.items() if offset is not None}

    async def commit(self, offsets: Mapping[Position, int]) -> None:
        """Tell the group how far we are."""
        known = self._consumer.assignment()
        found = {TopicPartition(one.topic, one.partition): next for one, next in offsets.items()}
        ours = {tp: offset for tp, offset in found.items() if tp in known}
        if ours:
            with translated("committing offsets", self._settings):
                await self._consumer.commit(ours)

    async def is_ours(self, partition: Position) -> bool:
        """Ask the group by committing what is committed: it refuses those whom it gave up.

        What it has dealt out anew is nobody's before `poll` has told.
        """
        tp = TopicPartition(partition.topic, partition.partition)
        if tp not in self._consumer.assignment():
            return False
        with translated("asking the group", self._settings):
            offset = await self._consumer.committed(tp)
            if offset is None:
                offset = (await self._consumer.beginning_offsets([tp]))[tp]
            try:
                await self._consumer.commit({tp: offset})
            except CommitFailedError:
                return False
        return self._assigned is None

    def tells(self, reach: Reach) -> None:
        """Tell this one, too, when a rebalance begins: from then on nothing is ours."""
        self._others.append(reach)

    def rests(self) -> None:
        """The group deals its partitions out anew, and nobody is given records meanwhile."""
        for one in (self.reach, *self._others):
            one.owns({})

    async def let_go(self) -> None:
        """Partitions that were ours go to others; what the caller owes them is done on return."""

    def remember(self, assigned: Collection[TopicPartition]) -> None:
        """These partitions are ours from here on; the next poll tells."""
        self._consumer.pause(*assigned)
        self._held = frozenset()
        self._assigned = Assigned(frozenset(Position(tp.topic, tp.partition) for tp in assigned))

    def _go_on(self) -> None:
        """Fetch again what was held, where it is still ours."""
        if self._held:
            self._consumer.resume(*(self._held & self._consumer.assignment()))
            self._held = frozenset()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, reader: KafkaGroupReader) -> None:
        self._reader = reader

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Let the reader come to an end with them, if there are any."""
        self._reader.rests()
        if revoked:
            await self._reader.let_go()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Remember it for the next poll."""
        self._reader.remember(assigned)
