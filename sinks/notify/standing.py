"""Whether the group still counts on a worker: one that it has told nothing of late has to ask."""

import asyncio

from plantstream.runtime.ports import TopicPartition
from sinks.notify.ports import Inbox, NotifyTime


class Standing:
    """What is known of our membership, and since when."""

    def __init__(self, inbox: Inbox, time: NotifyTime, ask_after_s: float) -> None:
        self._inbox, self._time, self._ask_after_s = inbox, time, ask_after_s
        self._asking = asyncio.Lock()
        self._is_sure()

    @property
    def is_doubtful(self) -> bool:
        """Whether the group may have given us up since it said that it counts on us.

        To have read proves nothing: reading needs no group, and who is cut off reads nothing new.
        Either clock says so: one may have been set, the other stands still while a host sleeps.
        """
        wall_s = abs(self._time.now() - self._sure_at).total_seconds()
        return max(wall_s, self._time.monotonic() - self._sure_at_s) > self._ask_after_s

    def assigned(self) -> None:
        """The group has just told what is ours."""
        self._is_sure()

    async def holds(self, partition: TopicPartition) -> bool:
        """Whether this partition is ours; where that is doubtful the group is asked.

        Raises:
            UnavailableError: the broker does not answer now.
        """
        async with self._asking:
            if not self.is_doubtful:
                return True
            if not await self._inbox.is_ours(partition):
                return False
            self._is_sure()
            return True

    def _is_sure(self) -> None:
        self._sure_at, self._sure_at_s = self._time.now(), self._time.monotonic()
