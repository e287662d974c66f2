"""Partitions that the group deals to us, until the journal gives them to us, too.

A broker that answers no more may have taken the last transaction or not: only the journal knows.
Where it comes back late it has given the transaction up, and refuses it as if somebody else had
claimed the partition: the group, which gives each to one worker alone, says whether anybody has.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from plantstream.runtime.pauses import is_over

CLAIM_EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class Claims:
    """What is to be claimed, if anything is, and when it was tried last."""

    wanted: set[int] | None = None
    again: bool = False
    """Whether it failed before: what was read meanwhile has to be read again."""
    _tried_at: datetime | None = None

    def fail(self, owned: set[int]) -> bool:
        """It failed, and what is owned is claimed again; True the first time."""
        first, self.again = not self.again, True
        if self.wanted is None:
            self.wanted = owned
        return first

    def made(self) -> "Claims":
        """Nothing is to be claimed by now; after one made again the next one waits its turn."""
        return Claims(_tried_at=self._tried_at if self.again else None)

    def is_due(self, now: datetime) -> bool:
        """Whether to try now; then not again for a while."""
        tried_at = self._tried_at
        if tried_at is not None and not is_over(CLAIM_EVERY, tried_at, now):
            return False
        self._tried_at = now
        return True
