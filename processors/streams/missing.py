"""Records that a feed has left out: asked for again, and again, and then given up on.

A hole shows by the record behind it. Where none follows, it shows by a position that stands still
although the log goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.pauses import is_over
from plantstream.runtime.ports import Feed, TopicPartition

ASK_EVERY = timedelta(seconds=2)
"""What was under way before the first question still has to come in."""
GIVE_UP_AFTER = timedelta(seconds=30)
STALLED_AFTER = timedelta(seconds=10)

log = get_logger()


class GapError(PlantstreamError):
    """Records were not delivered, not even when asked for: the next process reads them."""


@dataclass(slots=True)
class _Wanted:
    offset: int
    since: datetime
    asked: datetime

    def is_still(self, offset: int, now: datetime) -> bool:
        """Whether it is this one; it was not missing for as long as nobody noticed that it is."""
        return offset == self.offset and timedelta(0) <= now - self.asked <= STALLED_AFTER


class Missing:
    """What is missing of the partitions that are ours."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._wanted: dict[TopicPartition, _Wanted] = {}
        self._still: dict[TopicPartition, tuple[int, datetime]] = {}

    def forget(self) -> None:
        """Other partitions are ours, and everything is delivered anew."""
        self._wanted, self._still = {}, {}

    def stalled(
        self, partition: int, waiting: Mapping[str, int], now: datetime
    ) -> Mapping[str, int]:
        """Those of the offsets waited for that were waited for `STALLED_AFTER` ago already.

        What is not waited for any more came, or nothing but marks did: it counts no longer.
        """
        for one in [one for one in self._still if one.partition == partition]:
            if one.topic not in waiting:
                del self._still[one]
                self._wanted.pop(one, None)
        found = {}
        for topic, offset in waiting.items():
            position = TopicPartition(topic, partition)
            known, since = self._still.get(position, (offset, now))
            if known != offset:
                since = now
            self._still[position] = offset, since
            if is_over(STALLED_AFTER, since, now):
                found[topic] = offset
        return found

    async def ask(
        self, partition: int, missing: Mapping[str, int], now: datetime
    ) -> Mapping[str, int]:
        """Have these offsets delivered again; gives per topic where the log begins, if above it.

        Raises:
            GapError: they do not come.
        """
        gone: dict[str, int] = {}
        for topic, offset in missing.items():
            position = TopicPartition(topic, partition)
            if self._is_due(position, offset, now):
                start = await self._feed.rewind(position, offset)
                log.info("asked_again", partition=str(position), offset=offset)
                if start > offset:
                    gone[topic] = start
        return gone

    def _is_due(self, position: TopicPartition, offset: int, now: datetime) -> bool:
        known = self._wanted.get(position)
        if known is None or not known.is_still(offset, now):
            self._wanted[position] = _Wanted(offset, now, now)
            return True
        if now - known.since > GIVE_UP_AFTER:
            raise GapError(
                f"{position}: offset {offset} was not delivered, although asked for since "
                f"{known.since:%H:%M:%S}; the service has to start again to read it"
            )
        if now - known.asked < ASK_EVERY:
            return False
        known.asked = now
        return True
