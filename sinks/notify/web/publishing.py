"""What we say to Kafka: several requests share one write, and each waits until it is durable."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from pydantic import BaseModel

from plantstream.runtime.errors import PlantstreamError, UnavailableError
from plantstream.runtime.ports import Broker, Outgoing
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.record import ONCE, EventId
from schemas.topics import Topic

MOST_WAITING = 20_000
"""Records; beyond that whoever comes has to come again."""
ANSWER_WITHIN_S = 10.0
_STOPPING = "we are stopping; say it again"
Named = Callable[[EventId], BaseModel]
"""The record, once its id is known."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A record of a topic, before it has an id."""

    topic: Topic
    partition_key: str
    key: str
    named: Named
    """Records that carry no event id ignore theirs."""


@dataclass(eq=False, slots=True)
class _Order:
    sayings: Sequence[Saying]
    done: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Publisher:
    """Writes records in the order in which they come.

    `seq` counts up per topic and partition key. After a failure nobody knows what stands in the
    log, so a new epoch begins: no number is given to two records, and none is missing. The broker
    takes each record once, so readers of these epochs (`ONCE`) need no marks of them.
    """

    def __init__(self, broker: Broker, source: str, most_waiting: int = MOST_WAITING) -> None:
        self._broker, self._source, self._most = broker, source, most_waiting
        self._waiting: list[_Order] = []
        self._held = 0
        self._writing: asyncio.Task[None] | None = None
        self._begin_epoch()

    async def publish(self, sayings: Sequence[Saying], within_s: float = ANSWER_WITHIN_S) -> None:
        """Return once Kafka has all of them.

        Raises:
            UnavailableError: nobody knows whether it has; say the same again.
            RejectedError: Kafka will never take one of those that were written together.
        """
        if self._waiting and self._held + len(sayings) > self._most:
            raise UnavailableError(f"{self._held} records wait for Kafka")
        order = _Order(sayings)
        self._waiting.append(order)
        self._held += len(sayings)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="publishing")
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(order.done)
        except TimeoutError:
            raise UnavailableError(f"Kafka did not answer within {within_s:g} s") from None

    async def close(self) -> None:
        """Give up what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        for order in self._waiting:
            _answer(order, UnavailableError(_STOPPING))

    async def _write(self) -> None:
        """All that waits, and all that comes meanwhile."""
        while self._waiting:
            orders, self._waiting, self._held = self._waiting, [], 0
            failure: PlantstreamError | None = UnavailableError(_STOPPING)
            try:
                await self._broker.send([one async for one in self._all_sealed(orders)])
                failure = None
            except PlantstreamError as error:
                self._begin_epoch()
                failure = error
            finally:
                for order in orders:
                    _answer(order, failure)

    async def _all_sealed(self, orders: Sequence[_Order]) -> AsyncIterator[Outgoing]:
        """The records of all of them; between two orders others have their turn."""
        for order in orders:
            for saying in order.sayings:
                yield self._sealed(saying)
            await asyncio.sleep(0)

    def _sealed(self, saying: Saying) -> Outgoing:
        numbers = self._numbers.setdefault((saying.topic.name, saying.partition_key), count())
        event = EventId(source=self._source, epoch=self._epoch, seq=next(numbers))
        value = encode(saying.named(event))
        partition = partition_of(saying.partition_key.encode(), saying.topic.partitions)
        return Outgoing(saying.topic.name, partition, saying.key.encode(), value)

    def _begin_epoch(self) -> None:
        self._epoch = f"{ONCE}{secrets.token_hex(8)}"
        self._numbers: dict[tuple[str, str], count[int]] = {}


def _answer(order: _Order, failure: PlantstreamError | None) -> None:
    if order.done.done():
        return
    if failure is None:
        order.done.set_result(None)
    else:
        order.done.set_exception(failure)
        order.done.exception()  # Whoever asked may be gone; that is no error of ours.
