"""An engine's memory in a compacted topic, written with its outputs in Kafka transactions.

Each partition has a transactional id of its own. Whoever claims it makes the broker refuse all
earlier owners and undo what they had not committed.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from plantstream.runtime.at_once import together
from plantstream.runtime.kafka.client import client_arguments, start, translated
from plantstream.runtime.kafka.transactions import send_all
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings

TRANSACTION_TIMEOUT_MS = 10_000
"""A worker that dies in a transaction blocks readers of its outputs at most this long."""


class KafkaJournal:
    """The memory of one engine."""

    def __init__(self, settings: KafkaSettings, engine: str, topic: str) -> None:
        self._settings, self._engine, self._topic = settings, engine, topic
        self._producers: dict[int, AIOKafkaProducer] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close(list(self._producers))

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        """Fence all earlier owners, then read the rows as they stand."""
        await self._close(list(self._producers))
        if not partitions:
            return {}
        with translated(f"claiming partitions of {self._topic}", self._settings):
            await together(self._open(partition) for partition in partitions)
            found: dict[int, dict[bytes, bytes]] = {partition: {} for partition in partitions}
            async for record in read_partitions(self._settings, self._topic, partitions):
                rows = found[record.partition]
                if record.value is None:
                    rows.pop(record.key or b"", None)
                else:
                    rows[record.key or b""] = record.value
            return found

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        """One transaction."""
        producer = self._producers[partition]
        changed = [Outgoing(self._topic, partition, key, value) for key, value in rows.items()]
        doing = f"committing partition {partition} of {self._topic}"
        with translated(doing, self._settings):
            async with producer.transaction():
                await send_all(producer, (*changed, *outputs))

    async def _open(self, partition: int) -> None:
        producer = AIOKafkaProducer(
            **client_arguments(self._settings),
            acks="all",
            transactional_id=f"plantstream-{self._engine}-{partition}",
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            compression_type="zstd",
            max_batch_size=512 * 1024,
            retry_backoff_ms=20,
        )
        self._producers[partition] = producer
        await start(producer)

    async def _close(self, partitions: Collection[int]) -> None:
        closing = [self._producers.pop(partition) for partition in partitions]
        await asyncio.gather(*(producer.stop() for producer in closing), return_exceptions=True)
