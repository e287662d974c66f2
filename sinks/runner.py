"""The sink's loop: read, decode, store with the position, and never skip. Written against ports."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from plantstream.runtime.errors import FencedError, RejectedError, UnavailableError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Assigned, Broker, Record, TopicPartition
from plantstream.runtime.reach import Reach
from plantstream.runtime.tracing import NO_TRACING, Tracing
from sinks import batch as batches
from sinks.batch import Batch
from sinks.errors import RejectedRecordsError
from sinks.meters import SinkMeters
from sinks.patience import Patience
from sinks.portions import PollSize, Portion, Size
from sinks.reader import Reader
from sinks.resume import Cursor, resume
from sinks.sink import Sink, Written
from sinks.telling import storing, tell

_log = get_logger()
_Result = TypeVar("_Result")
_BREATH = 8
"""Records that are read, in a millisecond, before others have their turn."""


@dataclass(frozen=True, slots=True)
class SinkPorts:
    """Where records come from, where they go, and who takes the dead letters."""

    reader: Reader
    sink: Sink
    broker: Broker
    reach: Reach = field(default_factory=Reach)
    tracing: Tracing = NO_TRACING


Storing = Coroutine[Any, Any, bool]
Preparing = Callable[[], Coroutine[Any, Any, Portion]]


async def in_turn(storing: Storing, preparing: Preparing) -> tuple[bool, Portion]:
    """Store, and only then prepare what comes next."""
    return await storing, await preparing()


@dataclass(frozen=True, slots=True)
class SinkTime:
    """The clock of the loop, and what is done at once; a simulation brings its own."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    together: Callable[[Storing, Preparing], Awaitable[tuple[bool, Portion]]] = in_turn
    """Stores one batch, and prepares the next one meanwhile if it can."""


@dataclass(frozen=True, slots=True)
class SinkLimits:
    """How much is done at once, and how long is waited."""

    poll: PollSize = field(default_factory=PollSize)
    batch: Size = field(default_factory=Size)
    linger_s: float = 0.05
    """Pause after a small batch, so that records come in handfuls."""
    retry_first_s: float = 0.2
    retry_most_s: float = 1.0
    """What comes back is found this soon."""


class SinkLoop:
    """Drives one sink. One task calls `run`; it returns when `stopping` is set."""

    def __init__(
        self,
        ports: SinkPorts,
        time: SinkTime,
        meters: SinkMeters,
        limits: SinkLimits | None = None,
    ) -> None:
        self._reader, self._sink, self._broker = ports.reader, ports.sink, ports.broker
        self._reach, self._tracing = ports.reach, ports.tracing
        self._time, self._meters = time, meters
        self._limits = limits or SinkLimits()
        self._poll_limit = self._limits.poll.first
        self._cluster_id = ""
        self._owned: frozenset[TopicPartition] = frozenset()
        self._cursors: dict[TopicPartition, Cursor] = {}
        self._taken = FaultPoint("sink.read")
        self._written = FaultPoint("sink.written")
        meters.watch(self._taken, self._written)
        self.stopping = False

    @property
    def linger_s(self) -> float:
        """How long it pauses after a small batch, or none."""
        return self._limits.linger_s

    async def run(self) -> None:
        """Open the sink, then read and store until told to stop."""
        await self._patiently("opening the sink", self._sink.open)
        while not self.stopping:
            await self.turn()

    async def turn(self) -> None:
        """One poll and what follows from it."""
        limit = self._poll_limit
        polled = await self._patiently("reading", lambda: self._reader.poll(limit))
        if isinstance(polled, Assigned):
            await self._take_over(polled.partitions)
            return
        if polled:
            self._poll_limit = self._limits.poll.after(polled)
        checked, unread = batches.collect(polled, self._cursors)
        self._cursors |= checked
        rows = await self._store_all(unread)
        if len(polled) < limit // 2 and rows < self._limits.batch.rows // 2:
            await self._time.sleep(self._limits.linger_s)

    async def _store_all(self, records: Sequence[Record]) -> int:
        """Store them batch by batch, each prepared while the one before is stored; gives rows."""
        waiting, rows, stored = iter(records), 0, True
        portion = await self._prepare(waiting)
        while stored and portion.entries:
            rows += portion.rows
            stored, portion = await self._time.together(
                self._handle(portion), lambda: self._prepare(waiting)
            )
        return rows

    async def _prepare(self, waiting: Iterator[Record]) -> Portion:
        """Read records until they fill a batch; others have their turn after some."""
        portion = Portion()
        for record in waiting:
            portion.add(batches.entry_of(record, self._time.now()))
            if portion.fills(self._limits.batch):
                break
            if len(portion.entries) % _BREATH == 0:
                await self._time.sleep(0)
        return portion

    async def _take_over(self, partitions: frozenset[TopicPartition]) -> None:
        self._owned, self._cursors = partitions, {}
        self._reach.owns({})
        self._meters.owns(len(partitions))
        if partitions:
            await self._patiently("taking over partitions", self._find_positions)

    async def _find_positions(self) -> None:
        """Seek to where the sink's own positions say; the group's offsets are not asked."""
        self._cluster_id = await self._reader.cluster_id()
        stored = await self._sink.positions(self._owned)
        bounds = await self._reader.bounds(self._owned)
        cursors = {
            partition: resume(partition, stored.get(partition), bounds[partition], self._cluster_id)
            for partition in sorted(self._owned, key=str)
        }
        for partition, cursor in cursors.items():
            await self._reader.seek(partition, cursor.first_read())
        self._cursors = cursors
        self._reach.owns({partition: cursor.next for partition, cursor in cursors.items()})

    async def _handle(self, portion: Portion) -> bool:
        """Whether it is stored; else another writer was faster, and what was read is void."""
        self._meters.holding(len(portion.entries))
        batch = batches.batch_of(portion.entries, self._cursors, self._cluster_id)
        await self._taken.reached()
        started = self._time.now()
        records = [entry.record for entry in portion.entries]
        try:
            with storing(self._tracing, records):
                batch, written = await self._store(batch)
        except FencedError as error:
            await self._give_way(error)
            return False
        finally:
            self._meters.holding(0)
        self._meters.stored(batch, written, started, self._time.now())
        tell(records, written)
        self._cursors |= {
            source: replace(self._cursors[source], next=end, new=False)
            for source, end in batch.ends().items()
        }
        self._reach.moved(batch.ends())
        await self._written.reached()
        with suppress(UnavailableError):
            await self._reader.commit(batch.ends())
        return True

    async def _store(self, batch: Batch) -> tuple[Batch, Written]:
        """Store the batch; records that the sink refuses are buried on the way."""
        while True:
            pending = batch
            await self._patiently("burying records", lambda: self._bury(pending))  # noqa: B023
            try:
                return batch, await self._patiently("storing", lambda: self._sink.write(pending))  # noqa: B023
            except RejectedRecordsError as error:
                _log.warning("records refused", count=len(error.reasons), first=str(error))
                batch = batches.without(batch, error.reasons, self._time.now())

    async def _bury(self, batch: Batch) -> None:
        if not batch.letters:
            return
        try:
            await self._broker.send([batches.outgoing(letter) for letter in batch.letters])
        except RejectedError as error:  # The table of the sink still gets them.
            _log.error("dead letters not published", count=len(batch.letters), reason=str(error))

    async def _give_way(self, error: FencedError) -> None:
        """Forget what we know, and go on from the stored positions with what is still ours."""
        _log.warning("another writer was faster", reason=str(error))
        self._meters.fenced()
        await self._time.sleep(self._limits.retry_first_s)
        await self._take_over(self._owned)

    async def _patiently(self, doing: str, call: Callable[[], Awaitable[_Result]]) -> _Result:
        """Call until the other side answers; nothing more is fetched meanwhile."""
        limits = self._limits
        first_s, most_s = limits.retry_first_s, limits.retry_most_s
        patience = Patience(first_s, most_s, self._wait, self._waited)
        return await patience.until(doing, call)

    async def _wait(self, seconds: float) -> None:
        with suppress(UnavailableError):
            await self._reader.hold()
        await self._time.sleep(seconds)

    def _waited(self) -> None:
        """Database or broker is away: that we stand still is not our fault."""
        self._meters.waited()
        self._reach.excused()
