"""Listening to what becomes of messages: what was accepted and did not arrive is said aloud."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from plantstream.runtime.ports import Record
from schemas.alerts import DeliveryAttempt
from schemas.codec import UnreadableError, decode
from schemas.topics import DELIVERY, Topic
from sinks.notify.delivery import is_bounced
from sinks.notify.web.follow import Log


@dataclass(frozen=True, slots=True)
class Listened:
    """A log whose news of deliveries are heard on their way.

    All notifiers of a site hear them, whichever of them the provider has called.
    """

    log: Log
    bounced: Callable[[DeliveryAttempt], None]

    def past(self, topic: Topic) -> AsyncIterator[Record]:
        """As the log has it."""
        return self.log.past(topic)

    def news(self, topic: Topic) -> AbstractAsyncContextManager[AsyncIterator[Record]]:
        """As the log has them."""
        return self._heard() if topic is DELIVERY else self.log.news(topic)

    @asynccontextmanager
    async def _heard(self) -> AsyncIterator[AsyncIterator[Record]]:
        async with self.log.news(DELIVERY) as records:
            yield self._each(records)

    async def _each(self, records: AsyncIterator[Record]) -> AsyncIterator[Record]:
        async for record in records:
            yield record
            try:
                said = decode(DELIVERY, record.value)
            except UnreadableError:
                continue
            if is_bounced(said):
                self.bounced(said)
