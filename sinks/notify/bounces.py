"""Listening to what becomes of messages: what was accepted and did not arrive is said aloud."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from plantstream.runtime.ports import Record
from schemas.alerts import DeliveryAttempt
from schemas.codec import UnreadableError, decode
from schemas.topics import DELIVERY, Topic
from sinks.notify.delivery import is_bounced
from sinks.notify.web.follow import Log

MOST_BOUNCES = 10_000
"""Of the past; older ones are messages that have long expired."""
_FAILED = b'"failed"'


@dataclass(frozen=True, slots=True)
class Listened:
    """A log whose news of deliveries are heard on their way.

    All notifiers of a site hear them, whichever of them the provider has called.
    """

    log: Log
    bounced: Callable[[DeliveryAttempt], None]

    def past(self, topic: Topic) -> AsyncIterator[Record]:
        """As the log has it; what bounced in a gap of the news is heard at its end."""
        return self._past() if topic is DELIVERY else self.log.past(topic)

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
            said = _bounce(record)
            if said is not None:
                self.bounced(said)

    async def _past(self) -> AsyncIterator[Record]:
        """Of each message the last word counts, which may be that it arrived after all."""
        found: OrderedDict[bytes | None, DeliveryAttempt] = OrderedDict()
        async for record in self.log.past(DELIVERY):
            yield record
            found.pop(record.key, None)
            said = _bounce(record)
            if said is not None:
                found[record.key] = said
                while len(found) > MOST_BOUNCES:
                    found.popitem(last=False)
        for said in found.values():
            self.bounced(said)


def _bounce(record: Record) -> DeliveryAttempt | None:
    """What says that a message did not arrive, if this does."""
    if record.value is None or _FAILED not in record.value:
        return None
    try:
        said: DeliveryAttempt = decode(DELIVERY, record.value)
    except UnreadableError:
        return None
    return said if is_bounced(said) else None
