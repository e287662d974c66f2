"""Records inside a Kafka transaction."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation

from plantstream.runtime.ports import Outgoing


async def send_all(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> None:
    """Return once the broker has all of them.

    A transaction that fails between two sends refuses the next one without the reason; the
    records sent before have it.
    """
    futures = []
    try:
        for record in records:
            future = await producer.send(
                record.topic,
                record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers.items()),
            )
            futures.append(future)
    except IllegalOperation:
        await asyncio.gather(*futures)
        raise
    await asyncio.gather(*futures)
