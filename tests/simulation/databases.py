"""The database, and a sink's adapter to it: transactions, locks, a position that is a fence."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plantstream.runtime.errors import FencedError, UnavailableError
from plantstream.runtime.ports import TopicPartition
from schemas.cycles import BatchCycle
from schemas.kpi import OeeCell, OeeReport
from schemas.record import Envelope
from schemas.stops import Finding, Stop
from sinks.batch import Batch, Span
from sinks.marks import Mark, without_repeats
from sinks.position import Position
from sinks.sink import Written
from tests.simulation.faults import Place
from tests.simulation.hosts import DATABASE, Lost
from tests.simulation.processes import Process

FULL_S = 60.0
MISSES_AFTER_S = (1.0, 60.0)
"""When the database gives up a connection that says nothing any more, and what it has locked."""


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
    locks: dict[TopicPartition, object] = field(default_factory=dict)
    """Which transaction holds them."""
    full_until_s: float = 0.0
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
        await self._process.asks(DATABASE)
        await self._process.hears(DATABASE)
        stored = self._database.positions
        return {at: stored[at] for at in partitions if at in stored}

    async def write(self, batch: Batch) -> Written:
        """One transaction: fence and locks first, then rows, with room for a crash in between."""
        await self._process.point()
        await self._process.asks(DATABASE)
        self._maybe_unavailable()
        transaction = object()
        await self._lock(batch.spans, transaction)
        try:
            self._fence(batch.spans)
            fresh = without_repeats(batch.events, dict(self._database.marks))
            rows: list[Any] = [one.value for one in fresh.events]
            rows += [letter.value for letter in batch.letters]
            for _ in rows:
                await self._process.point(Place.ROW)
            await self._process.point()
            self._find_room()
            if self._process.loses(DATABASE, Lost.ASKED):
                await self._process.gives_up(DATABASE)
            self._commit(batch.spans, rows, fresh.marks)
        finally:
            self._unlock(batch.spans, transaction)
        self._maybe_unavailable()
        await self._process.hears(DATABASE)
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

    def _commit(
        self, spans: Sequence[Span], rows: Sequence[Any], marks: Mapping[Mark, int]
    ) -> None:
        for row in rows:
            self._database.store(row)
        self._database.marks |= marks
        for span in spans:
            self._database.move(span)

    async def _lock(self, spans: Sequence[Span], transaction: object) -> None:
        wanted, locks = {span.partition for span in spans}, self._database.locks
        while any(at in locks for at in wanted):  # noqa: ASYNC110 - simulated
            await asyncio.sleep(0.5)
        locks.update(dict.fromkeys(wanted, transaction))

    def _unlock(self, spans: Sequence[Span], transaction: object) -> None:
        """At once where the connection ends; of one that is cut the database learns later."""
        cut = self._process.host.cut(DATABASE)
        if cut is not None and cut.lost.includes(Lost.ASKED):
            faults, later = self._process.faults, asyncio.get_running_loop().call_later
            faults.tally["locks of the silent"] += 1
            later(faults.rng.uniform(*MISSES_AFTER_S), self._release, spans, transaction)
        else:
            self._release(spans, transaction)

    def _release(self, spans: Sequence[Span], transaction: object) -> None:
        for span in spans:
            if self._database.locks.get(span.partition) is transaction:
                del self._database.locks[span.partition]

    def _find_room(self) -> None:
        faults, now_s = self._process.faults, self._process.now_s
        if faults.happens("database full", 0.002, now_s):
            self._database.full_until_s = now_s + faults.rng.uniform(0, FULL_S)
        if now_s < min(self._database.full_until_s, faults.until_s):
            faults.tally["writes refused by a full database"] += 1
            raise UnavailableError("the disk of the database is full")

    def _maybe_unavailable(self) -> None:
        if self._process.faults.happens("answers lost", 0.01, self._process.now_s):
            raise UnavailableError("the connection broke")
