"""What is on its way at the same time, and what a failure leaves in the log."""

import asyncio
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.service import STOP_LIMIT_S
from plantstream.runtime.settings import KafkaSettings

BATCH_BYTES = 1000


class Answer(NamedTuple):
    """Where the first record of a batch stands."""

    offset: int


class Producer:
    """Takes batches, and answers as it is told."""

    def __init__(self, fail_at: int | None = None) -> None:
        self.handed_over: list[tuple[str, int, int]] = []
        self._fail_at = fail_at

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH_BYTES, 0)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[Answer]":
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.handed_over.append((topic, partition, batch.record_count()))
        if len(self.handed_over) - 1 == self._fail_at:
            answer.set_exception(KafkaTimeoutError())
        else:
            answer.set_result(Answer(100 * len(self.handed_over)))
        return answer

    async def stop(self) -> None:
        pass


class Part:
    """Of a producer: what goes on trying until it is closed."""

    def __init__(self, name: str, closed: list[str]) -> None:
        self._name, self._closed = name, closed

    async def close(self) -> None:
        self._closed.append(self._name)


class Halted(Producer):
    """Its broker is away: nothing is answered, and it does not stop."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.ended: list[str] = []
        self.client, self._sender = Part("client", self.ended), Part("sender", self.ended)

    async def send_batch(
        self, batch: BatchBuilder, topic: str, *, partition: int
    ) -> "asyncio.Future[Answer]":
        del batch, topic, partition
        self.asked.set()
        return asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        await asyncio.Event().wait()


def broker(producer: Producer) -> KafkaBroker:
    found: Any = KafkaBroker(KafkaSettings())
    found._producer = producer
    return found  # type: ignore[no-any-return]


def records(number: int, partition: int, size: int = 400) -> list[Outgoing]:
    return [Outgoing("t", partition, b"%d" % seq, b"x" * size) for seq in range(number)]


async def test_each_partition_has_one_batch_on_its_way_until_all_are_sent() -> None:
    producer = Producer()

    await broker(producer).send([*records(5, 0), *records(2, 1)])

    assert producer.handed_over == [("t", 0, 2), ("t", 1, 2), ("t", 0, 2), ("t", 0, 1)]


async def test_nothing_behind_a_batch_that_failed_is_sent() -> None:
    producer = Producer(fail_at=0)

    with pytest.raises(UnavailableError):
        await broker(producer).send([*records(5, 0), *records(2, 1)])

    assert [one for one in producer.handed_over if one[1] == 0] == [("t", 0, 2)]


async def test_a_record_larger_than_a_batch_travels_alone() -> None:
    producer = Producer()

    await broker(producer).send([*records(1, 0), *records(1, 0, 5 * BATCH_BYTES), *records(1, 0)])

    assert producer.handed_over == [("t", 0, 1)] * 3


async def test_who_is_told_to_stop_while_the_broker_is_away_stops_soon() -> None:
    """And hears of no other failure, after which it would try again."""
    producer = Halted()
    sending = asyncio.create_task(broker(producer).send(records(1, 0)))
    await producer.asked.wait()
    sending.cancel()

    async with asyncio.timeout(STOP_LIMIT_S / 2):
        with pytest.raises(asyncio.CancelledError):
            await sending

    assert producer.ended == ["client", "sender"]
