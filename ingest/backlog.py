"""What arrived and waits for the agent: bounded, and honest about what it had to drop."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ingest.input import Alarm, Alive, Missed, Observation, Sample, Unreadable
from schemas.record import EquipmentPath

MAX_WAITING = 100_000
"""Observations; at 1,000 samples a second the agent may stand still for 100 seconds."""

REASON = "the edge was too slow: samples were dropped"


@dataclass(frozen=True, slots=True)
class _Dropped:
    first: datetime
    last: datetime
    samples: int


class Backlog:
    """A queue of observations. When it is full the oldest samples go, and become a `Missed`."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._waiting: deque[Observation] = deque()
        self._dropped: dict[EquipmentPath, _Dropped] = {}
        self._changed = asyncio.Event()
        self.dropped = 0
        """Observations dropped since the start, but for signs of life."""
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._dropped)

    def put(self, observations: Iterable[Observation]) -> None:
        """Take these, and drop the oldest where there is no room."""
        self._waiting.extend(observations)
        while len(self._waiting) > self._limit:
            self._drop(self._waiting.popleft())
        self._changed.set()

    def take(self, limit: int) -> tuple[Observation, ...]:
        """The oldest, at most so many; after a loss each equipment's `Missed` comes first."""
        taken: list[Observation] = []
        while self._dropped and len(taken) < limit:
            path = next(iter(self._dropped))
            lost = self._dropped.pop(path)
            taken.append(Missed(path, lost.first, lost.last, REASON, lost.samples))
        room = min(len(self._waiting), limit - len(taken))
        taken += [self._waiting.popleft() for _ in range(room)]
        return tuple(taken)

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._changed.set()

    async def filled(self, number: int) -> None:
        """Return once so many wait, or nothing more will come."""
        while len(self) < number and not self.closed:
            self._changed.clear()
            await self._changed.wait()

    def _drop(self, observation: Observation) -> None:
        match observation:
            case Sample(equipment=path, source_time=at):
                self.dropped += 1
                self._lose(path, at, at, 1)
            case Missed(equipment=path, start=start, end=end, lost=lost):
                self._lose(path, start, end, lost or 0)
            case Unreadable():
                self.dropped += 1
            case Alarm(equipment=path, at=at):
                self.dropped += 1
                self._lose(path, at, at, 0)
            case Alive():
                pass

    def _lose(self, path: EquipmentPath, start: datetime, end: datetime, samples: int) -> None:
        before = self._dropped.get(path)
        if before is not None:
            start, end = min(before.first, start), max(before.last, end)
            samples += before.samples
        self._dropped[path] = _Dropped(start, end, samples)
