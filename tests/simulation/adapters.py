"""The adapters of one process: spool, sender, journal, database. Every call may be the last one."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ingest.memory_spool import MemorySpool
from ingest.ports import Batch as SpoolBatch, Spooled
from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import Outgoing, Record, TopicPartition
from schemas.cycles import BatchCycle
from schemas.kpi import OeeCell, OeeReport
from schemas.record import Envelope
from schemas.stops import Finding, Stop
from schemas.topics import MODEL
from sinks.batch import Batch, Span
from sinks.marks import Mark, without_repeats
from sinks.position import Position
from sinks.sink import Written
from tests.simulation.broker import MemoryBroker
from tests.simulation.faults import Place, Process


class SimulatedSpool(MemorySpool):
    """The spool of one process; what was stored is in `disk`."""

    def __init__(self, process: Process, disk: "Disk") -> None:
        super().__init__("acme/edge", "recorded")
        self.__dict__.update(vars(disk.spool.reopened()))
        self._process = process
        disk.spool = self

    async def append(self, batch: SpoolBatch) -> None:
        """All rows in one transaction, with room for a crash between any two."""
        await self._process.point()
        if self._process.faults.happens("disk full", 0.01, self._process.now_s):
            raise UnavailableError("the disk is full")
        for _ in batch.entries:
            await self._process.point(Place.ROW)
        await super().append(batch)
        await self._process.point()

    async def next(self, limit: int) -> Sequence[Spooled]:
        """The oldest entries."""
        await self._process.point()
        return await super().next(limit)

    async def remove(self, sent: Sequence[Spooled]) -> None:
        """Forget what the broker has."""
        await self._process.point()
        await super().remove(sent)
        await self._process.point()

    async def delete(self) -> None:
        """Leave nothing."""
        await self._process.point()
        await super().delete()
        await self._process.point()


@dataclass
class Disk:
    """What survives of a spool."""

    spool: MemorySpool = field(default_factory=lambda: MemorySpool("acme/edge", "recorded"))


class SimulatedSender:
    """The port of whoever sends without transactions."""

    def __init__(self, process: Process, broker: MemoryBroker) -> None:
        self._process, self._broker = process, broker

    async def send(self, records: Sequence[Outgoing]) -> None:
        """In order per partition; of a crash in between, the rest may still be on its way."""
        await self._process.point()
        if self._process.faults.happens("broker away", 0.02, self._process.now_s):
            raise UnavailableError("nobody answers")
        waiting = self._shuffled(records)
        try:
            while waiting:
                await self._process.point(Place.ROW)
                self._broker.append(waiting.pop(0))
        finally:
            self._arrive_late(waiting)
        if self._process.faults.happens("answers lost", 0.02, self._process.now_s):
            raise UnavailableError("the answer was lost")
        await self._process.point()

    def _shuffled(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        """Partitions do not wait for each other: any of them may be first."""
        topics = sorted({(one.topic, one.partition) for one in records})
        self._process.faults.rng.shuffle(topics)
        return sorted(records, key=lambda one: topics.index((one.topic, one.partition)))

    def _arrive_late(self, waiting: Sequence[Outgoing]) -> None:
        faults = self._process.faults
        if waiting and faults.happens("late arrivals", 0.5, self._process.now_s):
            later = asyncio.get_running_loop().call_later
            later(faults.rng.uniform(0, 30), lambda: [*map(self._broker.append, waiting)])


class SimulatedJournal:
    """The port of a processor's memory, in transactions of the broker."""

    def __init__(self, process: Process, broker: MemoryBroker, topic: str) -> None:
        self._process, self._broker, self._topic = process, broker, topic
        self._epochs: dict[int, int] = {}

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        """Fence the others, then read the rows."""
        await self._process.point()
        self._epochs = {}
        for partition in sorted(partitions):
            self._epochs[partition] = self._broker.claim(self._writer(partition))
            await self._process.point()
        found = {}
        for partition in sorted(partitions):
            found[partition] = self._broker.rows(TopicPartition(self._topic, partition))
            await self._process.point()
        return found

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        """One transaction, with room for a crash between any two rows."""
        changed = [Outgoing(self._topic, partition, key, value) for key, value in rows.items()]
        await self._process.point()
        try:
            await self._transact(partition, [*changed, *outputs])
        except FencedError:
            self._process.faults.tally["fenced commits"] += 1
            raise
        if self._process.faults.happens("answers lost", 0.01, self._process.now_s):
            raise UnavailableError("nobody knows whether it is stored")
        if not any(b'"position"' in key for key in rows):
            self._process.faults.tally["ticks"] += 1
        await self._process.point()

    async def _transact(self, partition: int, records: Sequence[Outgoing]) -> None:
        writer, epoch = self._writer(partition), self._epochs[partition]
        transaction = self._broker.begin(writer, epoch)
        for record in records:
            self._broker.check(writer, epoch)
            self._broker.append(record, transaction)
            await self._process.point(Place.ROW)
        await self._process.point()
        self._broker.commit(writer, epoch, transaction)

    def _writer(self, partition: int) -> str:
        return f"{self._topic}-{partition}"


def read_models(process: Process, broker: MemoryBroker) -> AsyncIterator[Record]:
    """The plant files that were published."""

    async def records() -> AsyncIterator[Record]:
        await process.point()
        for record in broker.read(TopicPartition(MODEL.name, 0), 0):
            yield record

    return records()


@dataclass
class Database:
    """Tables, and who has locked which position."""

    positions: dict[TopicPartition, Position] = field(default_factory=dict)
    marks: dict[Mark, int] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    """Rows of tables without a key."""
    cells: dict[str, OeeCell] = field(default_factory=dict)
    reports: dict[str, OeeReport] = field(default_factory=dict)
    said: dict[str, Stop | Finding | BatchCycle] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    poison: list[str] = field(default_factory=list)
    """Ids of what stands in the log and is no record: whoever reads it has to bury it."""
    jumps: list[str] = field(default_factory=list)
    """Positions that moved from elsewhere than where the batch begins."""
    locks: dict[TopicPartition, Process] = field(default_factory=dict)
    fences: ClassVar[bool] = True
    """Off only in tests that show what happens then."""

    def move(self, span: Span) -> None:
        """One position."""
        stored = self.positions.get(span.partition)
        if stored and stored.next != span.begin:
            self.jumps.append(f"{span.partition} from {stored.next}, not from {span.begin}")
        self.positions[span.partition] = span.after

    def store(self, value: Any) -> None:
        """One row."""
        if isinstance(value, Envelope):
            self.events.append(value)
        elif isinstance(value, OeeCell):
            self.cells[value.record_id()] = value
        elif isinstance(value, OeeReport):
            self.reports[value.record_id()] = value
        elif isinstance(value, Stop | Finding | BatchCycle):
            self.said[value.record_id()] = value
        else:
            self.letters[f"{value.service} {value.id}"] = value.reason


class SimulatedSink:
    """The port of a sink."""

    def __init__(self, process: Process, database: Database) -> None:
        self._process, self._database = process, database

    async def open(self) -> None:
        """Nothing to check."""
        await self._process.point()

    async def positions(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Position]:
        """As they were committed."""
        await self._process.point()
        stored = self._database.positions
        return {at: stored[at] for at in partitions if at in stored}

    async def write(self, batch: Batch) -> Written:
        """One transaction: fence and locks first, then rows, with room for a crash in between."""
        await self._process.point()
        self._maybe_unavailable()
        await self._lock(batch.spans)
        try:
            self._fence(batch.spans)
            fresh = without_repeats(batch.events, dict(self._database.marks))
            rows: list[Any] = [one.value for one in fresh.events]
            rows += [letter.value for letter in batch.letters]
            for _ in rows:
                await self._process.point(Place.ROW)
            await self._process.point()
            for row in rows:
                self._database.store(row)
            self._database.marks |= fresh.marks
            for span in batch.spans:
                self._database.move(span)
        finally:
            self._unlock(batch.spans)
        self._maybe_unavailable()
        self._process.faults.tally["repeats"] += fresh.repeats
        await self._process.point()
        return Written({"row": len(rows)}, fresh.repeats, fresh.holes)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _fence(self, spans: Sequence[Span]) -> None:
        for span in spans:
            stored = self._database.positions.get(span.partition)
            as_expected = span.new if stored is None else stored.next == span.begin
            if self._database.fences and not as_expected:
                self._process.faults.tally["fenced writes"] += 1
                raise FencedError(str(span.partition))

    async def _lock(self, spans: Sequence[Span]) -> None:
        wanted = {span.partition for span in spans}
        locks = self._database.locks
        while any(at in locks and not locks[at].crashed for at in wanted):  # noqa: ASYNC110 - simulated
            await asyncio.sleep(0.5)
        locks.update(dict.fromkeys(wanted, self._process))

    def _unlock(self, spans: Sequence[Span]) -> None:
        for span in spans:
            if self._database.locks.get(span.partition) is self._process:
                del self._database.locks[span.partition]

    def _maybe_unavailable(self) -> None:
        if self._process.faults.happens("answers lost", 0.01, self._process.now_s):
            raise UnavailableError("the connection broke")
