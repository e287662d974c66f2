"""Writing what was decided by what stood in the log: only if nobody else has come in between."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaProducer

from plantstream.runtime.kafka.admin import end_offsets
from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.kafka.transactions import send_all
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import BY_NAME

TRANSACTION_TIMEOUT_MS = 10_000
"""Who dies while writing blocks readers at most this long."""

READABLE_WITHIN_S = 5.0
"""Somebody else's open transaction may keep readers waiting for longer: they get it later then."""


class ExclusiveWriter:
    """Writes as long as nobody has taken its name since."""

    def __init__(self, producer: AIOKafkaProducer, name: str, settings: KafkaSettings) -> None:
        self._producer = producer
        self._name = name
        self._settings = settings

    async def send(self, records: Sequence[Outgoing]) -> None:
        """All of them in one transaction; on return everybody can read them.

        Raises:
            FencedError: somebody has taken the name since; nothing is written.
            UnavailableError: nobody knows whether it is written.
        """
        with translated(f"writing as {self._name}", self._settings):
            async with self._producer.transaction():
                await send_all(self._producer, records)
        await self._readable({record.topic for record in records})

    async def _readable(self, topics: Collection[str]) -> None:
        """A commit is answered before its marker stands in the log."""
        wanted = [BY_NAME[topic] for topic in topics]
        written = await end_offsets(self._settings, wanted, committed_only=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(READABLE_WITHIN_S):
                while True:
                    readable = await end_offsets(self._settings, wanted)
                    if all(readable[place] >= end for place, end in written.items()):
                        return


@asynccontextmanager
async def exclusively(settings: KafkaSettings, name: str) -> AsyncIterator[ExclusiveWriter]:
    """Take this name: who had it can write no more, and what they wrote can be read by now."""
    producer = AIOKafkaProducer(
        **client_arguments(settings),
        acks="all",
        transactional_id=name,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        compression_type="zstd",
        retry_backoff_ms=20,
    )
    try:
        with translated(f"beginning to write as {name}", settings):
            await producer.start()
        yield ExclusiveWriter(producer, name, settings)
    finally:
        await producer.stop()
