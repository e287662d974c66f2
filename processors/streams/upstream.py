"""Waiting for the engines whose outputs another one reads, after a time in which nobody read.

An alert that was resolved while all engines were down fires until the engine of its rule has read
so. Until then the dispatcher must not find out that it is time to escalate.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.logs import get_logger
from plantstream.runtime.pauses import is_over

LOOK_EVERY = timedelta(seconds=1)
GIVE_UP_AFTER = timedelta(seconds=60)
"""Without any progress of the others: a page too many is better than none."""

log = get_logger()


class Upstream(Protocol):
    """The engines whose outputs another one reads."""

    async def has_told(self, now: datetime) -> bool:
        """Whether they have told of all that stood in their own inputs when we began."""


class NoUpstream:
    """What others tell needs no waiting for."""

    async def has_told(self, now: datetime) -> bool:
        """Always."""
        del now
        return True


class KafkaUpstream:
    """Asks how many records others have to read of those that were there at the first question."""

    def __init__(self, unread: Callable[[], Awaitable[int]]) -> None:
        self._unread = unread
        self._is_over = False
        self._looked_at: datetime | None = None
        self._least: int | None = None
        self._progress_at: datetime | None = None

    async def has_told(self, now: datetime) -> bool:
        """Whether they have told of all of it, or will not.

        What they told before the answer to be "nothing" is in the log: a second later it is read.
        """
        if self._looked_at is not None and not is_over(LOOK_EVERY, self._looked_at, now):
            return False
        if self._is_over:
            return True
        self._looked_at = now
        try:
            left = await self._unread()
        except UnavailableError:
            return False
        if self._least is None or left < self._least or now < (self._progress_at or now):
            self._least, self._progress_at = left, now
        if left and not is_over(GIVE_UP_AFTER, self._progress_at or now, now):
            return False
        if left:
            log.warning("others do not go on", unread=left, waited_s=GIVE_UP_AFTER.seconds)
        self._is_over = True
        return False
