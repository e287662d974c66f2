"""When each state of a partition has something to say next, so that a tick asks no other."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)

DueOf = Callable[[str], datetime | None]
"""From when on this state may have something to say; None is never."""


@dataclass(frozen=True, slots=True)
class Due:
    """A tick of one partition, and what has to be applied before it."""

    at: datetime
    ends: Mapping[str, int]
    """By topic where its log ended then."""


class Dues:
    """All states by the time of their next tick; those never asked for are due at once.

    Each has one entry in the heap, of the earliest time that was known of it: whoever is due later
    by now is put off when the entry comes up.
    """

    def __init__(self, keys: Collection[str] = ()) -> None:
        self._heap = [(_BEGINNING, key) for key in keys]
        heapify(self._heap)
        self._queued = dict.fromkeys(keys, _BEGINNING)
        self._moved: set[str] = set()
        self._at, self._ticked = _BEGINNING, set[str]()

    def moved(self, keys: Collection[str]) -> None:
        """These states are others than before."""
        self._moved.update(keys)

    def ripe(self, now: datetime, most: int, due_of: DueOf) -> list[str]:
        """Those that may have something to say by now, the longest due first, up to `most`.

        Asked again for the same moment it gives others, until there are none.
        """
        if now < self._at:  # A clock was set back: who had his turn was put off until then.
            self._moved.update(self._queued)
        if now != self._at:
            self._at, self._ticked = now, set()
        moved, self._moved = self._moved, set()
        for key in moved:
            self._queue(key, due_of(key))
        found: list[str] = []
        while self._heap and self._heap[0][0] <= now and len(found) < most:
            queued, key = heappop(self._heap)
            if self._queued.get(key) != queued:
                continue
            del self._queued[key]
            due = _BEGINNING if queued == _BEGINNING else self._after(key, due_of(key))
            if due is not None and due <= now:
                found.append(key)
            else:
                self._queue(key, due)
        self._ticked.update(found)
        self._moved.update(found)
        return found

    def _queue(self, key: str, due: datetime | None) -> None:
        due = self._after(key, due)
        if due is not None and due < self._queued.get(key, due + _MOMENT):
            self._queued[key] = due
            heappush(self._heap, (due, key))

    def _after(self, key: str, due: datetime | None) -> datetime | None:
        """Who had his turn at this moment has no other."""
        if due is not None and key in self._ticked:
            return max(due, self._at + _MOMENT)
        return due
