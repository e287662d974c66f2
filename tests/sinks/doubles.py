"""An in-memory log, reader, sink and broker: what the loop is run on without Kafka and database."""

from collections import defaultdict, deque
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plantstream.runtime.errors import FencedError
from plantstream.runtime.ports import Assigned, Bounds, Outgoing, Record, TopicPartition
from sinks.batch import Batch
from sinks.marks import Mark, without_repeats
from sinks.position import Position
from sinks.sink import Written

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Pause:
    """An await that gives way once, so that a test can stop there for ever."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass
class Log:
    """Partitions that grow; `skip` leaves a hole, as a transaction's marker does."""

    cluster: str = "cluster-1"
    records: dict[TopicPartition, list[Record]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[TopicPartition, int] = field(default_factory=lambda: defaultdict(int))
    starts: dict[TopicPartition, int] = field(default_factory=lambda: defaultdict(int))

    def append(self, source: TopicPartition, key: bytes | None, value: bytes | None) -> Record:
        offset = self.ends[source]
        record = Record(source.topic, source.partition, offset, key, value, 1000 + offset)
        self.records[source].append(record)
        self.ends[source] += 1
        return record

    def skip(self, source: TopicPartition) -> None:
        self.ends[source] += 1

    def delete_before(self, source: TopicPartition, offset: int) -> None:
        self.starts[source] = offset
        self.records[source] = [one for one in self.records[source] if one.offset >= offset]


class MemoryReader:
    """Reads a log; `assign` tells the loop what is its own."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.news: deque[Assigned] = deque()
        self.failures: deque[Exception] = deque()
        self.committed: dict[TopicPartition, int] = {}
        self.idle = False
        """The last poll found nothing: all that was given before is stored."""
        self.holds = 0
        self._next: dict[TopicPartition, int] = {}

    def assign(self, *partitions: TopicPartition) -> None:
        self.news.append(Assigned(frozenset(partitions)))

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        await Pause()
        if self.failures:
            raise self.failures.popleft()
        if self.news:
            self._next = {}
            return self.news.popleft()
        found: list[Record] = []
        for source, next in self._next.items():
            some = [one for one in self.log.records[source] if one.offset >= next]
            some = some[: limit - len(found)]
            if some:
                self._next[source] = some[-1].offset + 1
            found += some
        self.idle = not found
        return found

    async def hold(self) -> None:
        self.holds += 1

    async def cluster_id(self) -> str:
        return self.log.cluster

    async def bounds(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Bounds]:
        await Pause()
        return {one: Bounds(self.log.starts[one], self.log.ends[one]) for one in partitions}

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        self._next[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await Pause()
        self.committed |= offsets


class MemorySink:
    """Stores a batch in one step, behind the same fence as the database's."""

    def __init__(self) -> None:
        self.stored: dict[TopicPartition, Position] = {}
        self.marks: dict[Mark, int] = {}
        self.rows: list[object] = []
        self.letters: dict[str, str] = {}
        self.failures: deque[Exception] = deque()
        self.refusals: deque[Exception] = deque()
        """What the next writes fail with; `failures` is for any call."""
        self.batches: list[Batch] = []

    async def open(self) -> None:
        await self._fail()

    async def positions(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Position]:
        await self._fail()
        return {one: self.stored[one] for one in partitions if one in self.stored}

    async def write(self, batch: Batch) -> Written:
        self.batches.append(batch)
        await self._fail()
        if self.refusals:
            raise self.refusals.popleft()
        for span in batch.spans:
            stored = self.stored.get(span.partition)
            if (stored is None) is not span.new or (stored and stored.next != span.begin):
                raise FencedError(str(span.partition))
        fresh = without_repeats(batch.events, self.marks)
        self.rows += [event.value for event in fresh.events]
        self.letters |= {one.value.id: one.value.reason for one in batch.letters}
        self.marks |= fresh.marks
        self.stored |= {span.partition: span.after for span in batch.spans}
        await Pause()
        return Written({"row": len(fresh.events)}, fresh.repeats, fresh.holes)

    async def close(self) -> None:
        return

    async def _fail(self) -> None:
        await Pause()
        if self.failures:
            raise self.failures.popleft()


class MemoryBroker:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.failures: deque[Exception] = deque()

    async def send(self, records: Sequence[Outgoing]) -> None:
        await Pause()
        if self.failures:
            raise self.failures.popleft()
        self.sent += records
