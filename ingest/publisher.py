"""The loop from spool to broker: in order per key, removed only after the broker has it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ingest.burial import LARGEST_RECORD_BYTES, buried, is_too_large, outgoing
from ingest.metrics import EdgeMetrics
from ingest.ports import Clock, Sleep, Spool, Spooled
from ingest.retry import Backoff, persistently
from plantstream.runtime.errors import MisconfiguredError, RejectedError, UnavailableError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import Broker, Outgoing
from plantstream.runtime.tracing import NO_TRACING, Tracing
from schemas.topics import DEADLETTER, MODEL

BATCH_RECORDS = 500
"""Records that are on their way to the broker at the same time."""

_T = TypeVar("_T")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the loop needs of time."""

    now: Clock
    sleep: Sleep = asyncio.sleep
    backoff: Backoff = field(default_factory=Backoff)


class Publisher:
    """Sends the spool's entries in order, one batch at a time.

    A batch that was sent and not removed yet is sent again after a restart, under the same ids.
    """

    def __init__(
        self,
        spool: Spool,
        broker: Broker,
        metrics: EdgeMetrics,
        waiting: Waiting,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._tracing = tracing
        self._spool = spool
        self._broker = broker
        self._metrics = metrics
        self._waiting = waiting
        self._acknowledged = FaultPoint("publisher.acknowledged")
        metrics.holding.set_function(lambda: float(self._acknowledged.holding))
        self._filled = asyncio.Event()
        self._removed = asyncio.Event()
        self._finished = False

    def wake(self) -> None:
        """Say that the spool has new entries."""
        self._filled.set()

    def finish(self) -> None:
        """Say that nothing more will come: `run` returns once the spool is empty."""
        self._finished = True
        self._filled.set()

    async def removed(self) -> None:
        """Wait until the spool has become smaller."""
        self._removed.clear()
        await self._removed.wait()

    async def run(self) -> None:
        """Publish until `finish` was called and the spool is empty.

        Raises:
            MisconfiguredError: the broker takes neither a record nor its dead letter.
        """
        while True:
            self._filled.clear()
            batch = await self._persistently("spool", lambda: self._spool.next(limit=BATCH_RECORDS))
            if batch:
                await self.publish(batch)
            elif self._finished:
                return
            else:
                await self._filled.wait()

    async def publish(self, batch: Sequence[Spooled]) -> None:
        """Send one batch, and forget it once the broker has it."""
        for wave in _waves(batch):
            await self._deliver(wave)
        await self._acknowledged.reached()
        await self._persistently("spool", lambda: self._spool.remove(batch))
        self._metrics.see_spool(self._spool)
        self._removed.set()

    async def _deliver(self, batch: Sequence[Spooled]) -> None:
        try:
            if any(is_too_large(spooled.entry) for spooled in batch):
                raise RejectedError("a record is too large")  # noqa: TRY301 - as the broker would
            await self._send([self._outgoing(spooled) for spooled in batch])
        except RejectedError:
            # Which one it was, nobody said. What is in the log already comes a second time, and
            # its readers know it by its id.
            for spooled in batch:
                await self._deliver_one(spooled)

    async def _deliver_one(self, spooled: Spooled) -> None:
        try:
            if is_too_large(spooled.entry):
                size = len(spooled.entry.value)
                reason = f"a record of {size} bytes; {LARGEST_RECORD_BYTES} is the limit"
                raise RejectedError(reason)  # noqa: TRY301 - as the broker would
            await self._send([self._outgoing(spooled)])
        except RejectedError as error:
            await self._bury(spooled, str(error))

    def _outgoing(self, spooled: Spooled) -> Outgoing:
        return outgoing(spooled.entry, self._waiting.now())

    async def _bury(self, spooled: Spooled, reason: str) -> None:
        topic = spooled.entry.topic
        self._metrics.rejected.labels(topic).inc()
        _log.error("record rejected", topic=topic, seq=spooled.entry.seq, reason=reason)
        origin = f"{self._spool.source}/{self._spool.epoch}"
        letter = buried(origin, spooled, reason, self._waiting.now())
        try:
            await self._send([letter])
        except RejectedError as error:
            raise MisconfiguredError(
                f"the broker takes neither a record of {topic} ({reason}) nor its dead letter "
                f"({error}): check the rights of this edge on {topic} and {DEADLETTER.name}"
            ) from error

    async def _send(self, records: list[Outgoing]) -> None:
        with self._tracing.publishing(records) as span:
            traced = span.on(records)
            await self._persistently("broker", lambda: self._broker.send(traced))
        for record in records:
            self._metrics.published.labels(record.topic).inc()

    async def _persistently(self, part: str, work: Callable[[], Awaitable[_T]]) -> _T:
        def told(error: UnavailableError) -> None:
            self._metrics.failures.labels(part).inc()
            _log.warning(f"{part} unavailable, trying again", reason=str(error))

        return await persistently(work, self._waiting.backoff, self._waiting.sleep, told)


def _waves(batch: Sequence[Spooled]) -> Iterator[Sequence[Spooled]]:
    """What may be on its way at the same time: no event overtakes the plant file that it names."""
    begin = 0
    for end, spooled in enumerate(batch, start=1):
        if spooled.entry.topic == MODEL.name or end == len(batch):
            yield batch[begin:end]
            begin = end
