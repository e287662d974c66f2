"""Whether the group still counts on a worker: one that it has told nothing of late has to ask."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import TopicPartition
from sinks.notify.ports import Inbox, NotifyTime

Moment = tuple[datetime, float]
"""By the wall clock, and in seconds that never run backwards."""


class Standing:
    """What is known of our membership, and since when."""

    def __init__(self, inbox: Inbox, time: NotifyTime, ask_after_s: float) -> None:
        self._inbox, self._time, self._ask_after_s = inbox, time, ask_after_s
        self._asking = asyncio.Lock()
        self._ours: Collection[TopicPartition] = ()
        self._sure_at = self.moment()

    @property
    def is_doubtful(self) -> bool:
        """Whether the group may have given us up since it said that it counts on us.

        To have read proves nothing: reading needs no group, and who is cut off reads nothing new.
        """
        return self._age_s() > self._ask_after_s

    def moment(self) -> Moment:
        """This one."""
        return self._time.now(), self._time.monotonic()

    def assigned(self, partitions: Collection[TopicPartition], told_at: Moment) -> None:
        """The group has told what is ours; taking it over may have lasted."""
        self._ours, self._sure_at = partitions, told_at

    async def renew(self) -> None:
        """Ask while nothing waits for the answer, so that no message has to."""
        if self._age_s() > self._ask_after_s / 2 and self._ours:
            async with self._asking:
                with suppress(UnavailableError):
                    await self._ask(next(iter(self._ours)))

    async def holds(self, partition: TopicPartition) -> bool:
        """Whether this partition is ours; where that is doubtful the group is asked.

        Raises:
            UnavailableError: the broker does not answer now.
        """
        async with self._asking:
            return not self.is_doubtful or await self._ask(partition)

    async def _ask(self, partition: TopicPartition) -> bool:
        asked_at = self.moment()
        if not await self._inbox.is_ours(partition):
            return False
        self._sure_at = asked_at
        return True

    def _age_s(self) -> float:
        """Since the group counted on us.

        By either clock: one may have been set, the other stands still while a host sleeps.
        """
        (now, now_s), (sure_at, sure_at_s) = self.moment(), self._sure_at
        return max(abs(now - sure_at).total_seconds(), now_s - sure_at_s)
