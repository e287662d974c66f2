"""A broker for many tasks at once: what comes while one write is under way shares the next one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from plantstream.runtime.errors import PlantstreamError, RejectedError, UnavailableError
from plantstream.runtime.ports import Broker, Outgoing

MOST_RECORDS = 2_000
"""In one write."""


@dataclass(eq=False, slots=True)
class _Order:
    records: Sequence[Outgoing]
    done: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class TogetherBroker:
    """Sends what several tasks have, in the order in which they came; `close` it last."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: deque[_Order] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return once all in-sync replicas have all of them.

        Raises:
            UnavailableError: try the same again; some may stand in the log already.
            RejectedError: the broker will never take one of these.
        """
        order = _Order(records)
        self._waiting.append(order)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="writing together")
        await asyncio.shield(order.done)

    async def close(self) -> None:
        """Give up what waits."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        for order in self._waiting:
            _answer(order, UnavailableError("we are stopping"))

    async def _write(self) -> None:
        while self._waiting:
            orders = self._next()
            failure: PlantstreamError | None = UnavailableError("we are stopping")
            try:
                failure = await self._sent([one for order in orders for one in order.records])
                if isinstance(failure, RejectedError) and len(orders) > 1:
                    for order in orders:
                        _answer(order, await self._sent(order.records))
            finally:
                for order in orders:
                    _answer(order, failure)

    def _next(self) -> list[_Order]:
        orders: list[_Order] = []
        size = 0
        while self._waiting and (not orders or size < MOST_RECORDS):
            orders.append(self._waiting.popleft())
            size += len(orders[-1].records)
        return orders

    async def _sent(self, records: Sequence[Outgoing]) -> PlantstreamError | None:
        try:
            await self._broker.send(records)
        except PlantstreamError as error:
            return error
        return None


def _answer(order: _Order, failure: PlantstreamError | None) -> None:
    if order.done.done():
        return
    if failure is None:
        order.done.set_result(None)
    else:
        order.done.set_exception(failure)
        order.done.exception()  # Whoever asked may be gone; that is no error of ours.
