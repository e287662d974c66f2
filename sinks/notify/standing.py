"""Whether the group still counts on a worker: one that did not read for a while has to ask."""

from collections.abc import Callable
from datetime import datetime

from plantstream.runtime.ports import TopicPartition
from sinks.notify.ports import Inbox


class Standing:
    """What is known of our membership, and since when."""

    def __init__(self, inbox: Inbox, now: Callable[[], datetime], ask_after_s: float) -> None:
        self._inbox, self._now, self._ask_after_s = inbox, now, ask_after_s
        self._sure_at = now()

    @property
    def is_doubtful(self) -> bool:
        """Whether the group may have given us up meanwhile."""
        return (self._now() - self._sure_at).total_seconds() > self._ask_after_s

    def assigned(self) -> None:
        """The group has just told what is ours."""
        self._sure_at = self._now()

    def has_read(self) -> None:
        """A poll came back; after a pause that proves nothing."""
        if not self.is_doubtful:
            self._sure_at = self._now()

    async def holds(self, partition: TopicPartition) -> bool:
        """Whether this partition is ours; where that is doubtful the group is asked.

        Raises:
            UnavailableError: the broker does not answer now.
        """
        if not self.is_doubtful:
            return True
        if not await self._inbox.is_ours(partition):
            return False
        self._sure_at = self._now()
        return True
