"""A claim of several partitions of which one fails: nothing of it goes on."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka import journal as module
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.settings import KafkaSettings

AWAY, SLOW = 0, 1
LIMIT_S = 5.0


class Producer:
    """Of one partition the broker is away at once, of the other it lets us wait."""

    made: list["Producer"]

    def __init__(self, *, transactional_id: str, **_: object) -> None:
        self._partition = int(transactional_id.rpartition("-")[2])
        self.starting: asyncio.Task[None] | None = None
        self.is_stopped = False
        self.made.append(self)

    async def start(self) -> None:
        self.starting = asyncio.current_task()
        await asyncio.sleep(0)
        if self._partition == AWAY:
            raise KafkaConnectionError("no broker")
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.is_stopped = True


async def test_no_producer_of_a_claim_that_failed_starts_later(monkeypatch: pytest.MonkeyPatch):
    Producer.made = []
    monkeypatch.setattr(module, "AIOKafkaProducer", Producer)
    async with asyncio.timeout(LIMIT_S), KafkaJournal(KafkaSettings(), "e", "memory") as journal:
        with pytest.raises(UnavailableError, match="no broker"):
            await journal.claim([AWAY, SLOW])

        _, slow = Producer.made
        assert slow.starting is not None
        assert slow.starting.cancelled()
        assert slow.is_stopped
