"""What somebody could know when they said something that comes only now. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CLOCKS_DIFFER = timedelta(seconds=2)
"""Providers tell whole seconds by their own clocks; nobody reads a message and answers so fast."""
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Until when things were known; by default all are."""

    until: datetime = _LAST
    now: datetime = _LAST

    def covers(self, at: datetime) -> bool:
        """Whether something of this time was known.

        A time that is yet to come is told by a clock that is ahead (alerts bear the times of
        edges), and says nothing of it.
        """
        return at <= self.until or at > self.now


def hindsight(said_at: datetime | None, now: datetime) -> Hindsight:
    """Of what was said then; where nobody knows when, it was now."""
    return Hindsight() if said_at is None else Hindsight(said_at + CLOCKS_DIFFER, now)
