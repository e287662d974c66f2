"""What inputs said, made durable: one commit of the spool for all that waits for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.metrics import EdgeMetrics
from ingest.ports import Batch, Entry, Loss, Spool
from ingest.publisher import Waiting
from ingest.retry import persistently
from ingest.sealing import Record, entries
from plantstream.runtime.causes import event_name
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from schemas.record import Envelope

_MOST_TOLD = 10
"""Events that one line of the log names."""
_log = get_logger(__name__)

Completion = Callable[[Sequence[Loss]], tuple[Sequence[Record], Mapping[str, bytes]]]
"""Records that tell of losses, and memory, that belong to every commit."""


@dataclass(slots=True)
class Work:
    """What is to be stored."""

    records: Sequence[Record]
    memory: Mapping[str, bytes]
    positions: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    """Somebody may be called for it."""
    stored: bool = False
    entries: Sequence[Entry] = ()
    """The records as the spool keeps them; `store` fills them in."""


class Commits:
    """Stores work in the order in which it came."""

    def __init__(
        self, spool: Spool, metrics: EdgeMetrics, waiting: Waiting, completion: Completion
    ) -> None:
        self._spool = spool
        self._metrics = metrics
        self._waiting = waiting
        self._completion = completion
        self._writing = asyncio.Lock()
        self._queue: list[Work] = []

    async def store(self, work: Work) -> None:
        """Make it durable, in one commit with all that others have to store by then.

        It is queued at once, so that the order of the ids is the order on disk. What cannot be
        written down fails here, and with nobody else's.
        """
        work.entries = entries(self._spool.source, work.records)
        self._queue.append(work)
        async with self._writing:
            if not work.stored:
                await self._commit()

    async def settle(self) -> None:
        """Store what those left behind who were cancelled before it was stored."""
        async with self._writing:
            if self._queue:
                await self._commit()

    async def append(self, batch: Batch) -> None:
        """Store it, however long the disk is full."""

        def told(error: UnavailableError) -> None:
            self._metrics.failures.labels("spool").inc()
            _log.error("spool unavailable, trying again", reason=str(error))

        waiting = self._waiting
        await persistently(lambda: self._spool.append(batch), waiting.backoff, waiting.sleep, told)
        self._metrics.see_spool(self._spool)

    async def _commit(self) -> None:
        waiting, self._queue = self._queue, []
        try:
            await self.append(self._batch(waiting))
        except BaseException:
            self._queue = [*waiting, *self._queue]
            raise
        for work in waiting:
            work.stored = True
            _tell(work)
            for kind, number in Counter(map(_type, work.records)).items():
                self._metrics.events.labels(kind).inc(number)

    def _batch(self, waiting: Sequence[Work]) -> Batch:
        explained = tuple(self._spool.losses)
        told, memory = self._completion(explained)
        found = [entry for work in waiting for entry in work.entries]
        found += entries(self._spool.source, told)
        rows = {name: row for work in waiting for name, row in work.memory.items()} | dict(memory)
        positions = {name: where for work in waiting for name, where in work.positions.items()}
        return Batch(found, rows, positions, explained)


def _tell(work: Work) -> None:
    """What somebody may be called for is told as `info`, all else as `debug`."""
    if not work.urgent:
        _log.debug("in the spool", records=len(work.records))
        return
    events = [
        event_name(entry.topic, entry.partition_key, record.id)
        for record, entry in zip(work.records, work.entries, strict=True)
        if isinstance(record, Envelope)
    ]
    _log.info("in the spool", records=len(work.records), events=events[:_MOST_TOLD])


def _type(record: Record) -> str:
    return str(type(record).model_fields["type"].default)
