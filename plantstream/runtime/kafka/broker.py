"""A broker that takes records: idempotent, acknowledged by all in-sync replicas, in order."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from plantstream.runtime.errors import RejectedError
from plantstream.runtime.kafka.client import client_arguments, start, translated
from plantstream.runtime.ports import Outgoing, TopicPartition
from plantstream.runtime.settings import KafkaSettings

LINGER_MS = 5
CLOSE_WITHIN_S = 2
"""A producer whose broker is away waits for it; a service that is told to stop has 8 s in all."""
END_WITHIN_S = 1
"""Of that producer, when it has been told to wait no longer."""
LARGEST_RECORD_BYTES = 1_048_576
"""Key and value, before compression."""


class KafkaBroker:
    """Sends records; after a failure the next call begins with a new producer session."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self.written: dict[TopicPartition, int] = {}
        """Behind the last record of ours, where that is known: a batch that came twice is not."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return once all in-sync replicas have all of them.

        Of each partition one batch is on its way at a time: should it fail, nothing that stood
        behind it is in the log, and readers who go by `seq` lose nothing when all is sent again.
        """
        for record in records:
            _must_fit(record)
        with translated("sending records", self._settings):
            try:
                producer = await self._ready()
                waiting = _by_partition(records)
                while waiting:
                    batches = {place: _batch(producer, queue) for place, queue in waiting.items()}
                    sent = [
                        await producer.send_batch(batch, place.topic, partition=place.partition)
                        for place, batch in batches.items()
                    ]
                    for (place, batch), told in zip(
                        batches.items(), await asyncio.gather(*sent), strict=True
                    ):
                        if told.offset >= 0:
                            self.written[place] = told.offset + batch.record_count()
                    waiting = {place: queue for place, queue in waiting.items() if queue}
            except BaseException:
                await self._close()
                raise

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                **client_arguments(self._settings),
                acks="all",
                enable_idempotence=True,
                compression_type="zstd",
                linger_ms=LINGER_MS,
                max_batch_size=512 * 1024,
            )
            await start(producer)
            self._producer = producer
        return self._producer

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # Whatever led here must not be hidden, a cancellation least of all.
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await producer.stop()
        except TimeoutError:
            await _end(producer)


async def _end(producer: AIOKafkaProducer) -> None:
    """End a producer that waits for its broker; left alone it would try for ever, and send late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(END_WITHIN_S):
            await producer.client.close()
            await producer._sender.close()  # noqa: SLF001 - stop() gave up before it did so


def _must_fit(record: Outgoing) -> None:
    """Compressed it might, and the next consumer could not fetch it."""
    size = len(record.key) + len(record.value or b"")
    if size > LARGEST_RECORD_BYTES:
        raise RejectedError(
            f"a record of {record.topic} is too large: {size} bytes, {LARGEST_RECORD_BYTES} are "
            "the limit"
        )


def _by_partition(records: Sequence[Outgoing]) -> dict[TopicPartition, deque[Outgoing]]:
    found: dict[TopicPartition, deque[Outgoing]] = {}
    for record in records:
        place = TopicPartition(record.topic, record.partition)
        found.setdefault(place, deque()).append(record)
    return found


def _batch(producer: AIOKafkaProducer, queue: deque[Outgoing]) -> BatchBuilder:
    """The first of these records that one batch holds, at least one; they leave the queue."""
    batch = producer.create_batch()
    while queue:
        record = queue[0]
        headers = list(record.headers.items())
        added = batch.append(key=record.key, value=record.value, timestamp=None, headers=headers)
        if added is None:
            break
        queue.popleft()
    batch.close()
    return batch
