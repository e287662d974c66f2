"""Waiting for the engines whose outputs another one reads, after a time in which nobody read.

An alert that was resolved while all engines were down fires until the engine of its rule has read
so. Until then the dispatcher must not find out that it is time to escalate.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.pauses import is_over
from plantstream.runtime.ports import TopicPartition

LOOK_EVERY = timedelta(seconds=1)
GIVE_UP_AFTER = timedelta(seconds=60)
"""Without any progress of the others, or any answer: a page too many is better than none."""

Ends = Mapping[TopicPartition, int]
"""Offsets behind the last records."""

log = get_logger()


class Upstream(Protocol):
    """The engines whose outputs another one reads."""

    def begin(self) -> None:
        """Nobody has read for a while: what stands in their inputs at the next question counts."""

    async def has_told(self, now: datetime) -> bool:
        """Whether they have told of all that stood in their own inputs when it was asked first."""


class NoUpstream:
    """What others tell needs no waiting for."""

    def begin(self) -> None:
        """Nor after a while."""

    async def has_told(self, now: datetime) -> bool:
        """Always."""
        del now
        return True


@dataclass(slots=True)
class _Wait:
    """What was found out since it began."""

    ends: Ends | None = None
    is_over: bool = False
    looked_at: datetime | None = None
    least: int | None = None
    progress_at: datetime | None = None

    def progress(self, left: int | None, now: datetime) -> datetime:
        """When they went on the last time, or nobody had been asked yet."""
        fewer = left is not None and (self.least is None or left < self.least)
        if self.progress_at is None or fewer or now < self.progress_at:
            self.progress_at = now
        if fewer:
            self.least = left
        return self.progress_at


class KafkaUpstream:
    """Asks how many records others have to read of those that were there at the first question."""

    def __init__(
        self, ends: Callable[[], Awaitable[Ends]], unread: Callable[[Ends], Awaitable[int]]
    ) -> None:
        self._ends, self._unread = ends, unread
        self._wait = _Wait()

    def begin(self) -> None:
        """Ask anew, also for the ends."""
        self._wait = _Wait()

    async def has_told(self, now: datetime) -> bool:
        """Whether they have told of all of it, or will not.

        What they told before the answer to be "nothing" is in the log: a second later it is read.
        """
        wait = self._wait
        if wait.looked_at is not None and not is_over(LOOK_EVERY, wait.looked_at, now):
            return False
        if wait.is_over:
            return True
        wait.looked_at = now
        left = await self._left(wait)
        progress_at = wait.progress(left, now)
        if left != 0 and not is_over(GIVE_UP_AFTER, progress_at, now):
            return False
        if left != 0:
            log.warning("others do not go on", unread=left, waited_s=GIVE_UP_AFTER.seconds)
        wait.is_over = True
        return False

    async def _left(self, wait: _Wait) -> int | None:
        """None: no broker says so."""
        try:
            if wait.ends is None:
                wait.ends = await self._ends()
            return await self._unread(wait.ends)
        except UnavailableError:
            return None
