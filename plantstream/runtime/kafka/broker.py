"""A broker that takes records: idempotent, acknowledged by all in-sync replicas, in order."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.client import client_arguments, translated
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings

LINGER_MS = 5
CLOSE_WITHIN_S = 5


class KafkaBroker:
    """Sends records; after a failure the next call begins with a new producer session."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

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
        """Return once all in-sync replicas have all of them."""
        with translated("sending records", self._settings):
            try:
                producer = await self._ready()
                futures = [
                    await producer.send(
                        record.topic,
                        record.value,
                        key=record.key,
                        partition=record.partition,
                        headers=list(record.headers.items()),
                    )
                    for record in records
                ]
                await asyncio.gather(*futures)
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
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await producer.stop()
            except TimeoutError as error:
                raise UnavailableError(
                    f"the producer did not stop within {CLOSE_WITHIN_S} s"
                ) from error
