"""The sink's loop: read, decode, store with the position, and never skip. Written against ports."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

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
from sinks.reader import Reader
from sinks.resume import Cursor, resume
from sinks.sink import Sink, Written
from sinks.telling import storing, tell

_log = get_logger()
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class SinkPorts:
    """Where records come from, where they go, and who takes the dead letters."""

    reader: Reader
    sink: Sink
    broker: Broker
    reach: Reach = field(default_factory=Reach)
    tracing: Tracing = NO_TRACING


@dataclass(frozen=True, slots=True)
class SinkTime:
    """The clock of the loop; a simulation brings its own."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SinkLimits:
    """How much is done at once, and how long is waited."""

    batch_records: int = 200
    linger_s: float = 0.05
    """Pause after a small batch, so that records come in handfuls."""
    retry_first_s: float = 0.2
    retry_most_s: float = 10.0


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
        self._cluster_id = ""
        self._owned: frozenset[TopicPartition] = frozenset()
        self._cursors: dict[TopicPartition, Cursor] = {}
        self._taken = FaultPoint("sink.read")
        self._written = FaultPoint("sink.written")
        meters.watch(self._taken, self._written)
        self.stopping = False

    async def run(self) -> None:
        """Open the sink, then read and store until told to stop."""
        await self._patiently("opening the sink", self._sink.open)
        while not self.stopping:
            await self.turn()

    async def turn(self) -> None:
        """One poll and what follows from it."""
        limit = self._limits.batch_records
        polled = await self._patiently("reading", lambda: self._reader.poll(limit))
        if isinstance(polled, Assigned):
            await self._take_over(polled.partitions)
            return
        checked, unread = batches.collect(polled, self._cursors)
        self._cursors |= checked
        if unread:
            await self._handle(unread)
        if len(polled) < limit // 2:
            await self._time.sleep(self._limits.linger_s)

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

    async def _handle(self, records: Sequence[Record]) -> None:
        self._meters.holding(len(records))
        batch = batches.read(records, self._cursors, self._cluster_id, self._time.now())
        await self._taken.reached()
        started = self._time.now()
        try:
            with storing(self._tracing, records):
                batch, written = await self._store(batch)
        except FencedError as error:
            await self._give_way(error)
            return
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
        """Call until the other side answers."""
        limits = self._limits
        first_s, most_s = limits.retry_first_s, limits.retry_most_s
        patience = Patience(first_s, most_s, self._time.sleep, self._waited)
        return await patience.until(doing, call)

    def _waited(self) -> None:
        """Database or broker is away: that we stand still is not our fault."""
        self._meters.waited()
        self._reach.excused()
