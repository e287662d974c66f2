"""What arrived and waits for the agent: bounded, and honest about what it had to drop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ingest.input import Alarm, Alive, Chunk, Missed, Observation, Sample, Unreadable
from schemas.plant.equipment import Equipment
from schemas.record import EquipmentPath

MAX_WAITING = 100_000
"""Observations; at 1,000 samples a second the agent may stand still for 100 seconds."""

CHUNK_OBSERVATIONS = 20_000
"""What a chunk holds at most."""
CHUNK_WITHIN_S = 0.1
"""A chunk goes on its way this long after its first observation came."""
STRETCHED_WITHIN_S = 2.0
"""At most so long, while it would become more than `MESSAGES_PER_S` otherwise."""
MESSAGES_PER_S = 1000

REASON = "the edge was too slow: samples were dropped"


@dataclass(frozen=True, slots=True)
class _Dropped:
    first: datetime
    last: datetime
    samples: int


class Backlog:
    """A queue of observations. When it is full the oldest samples go, and become a `Missed`."""

    def __init__(
        self,
        limit: int = MAX_WAITING,
        is_urgent: Callable[[Observation], bool] = lambda _: False,
    ) -> None:
        self._limit = limit
        self._is_urgent = is_urgent
        self._hurried = asyncio.Event()
        self._waiting: deque[Observation] = deque()
        self._dropped: dict[EquipmentPath, _Dropped] = {}
        self._changed = asyncio.Event()
        self.dropped = 0
        """Observations dropped since the start, but for signs of life."""
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._dropped)

    def put(self, observations: Sequence[Observation]) -> None:
        """Take these, and drop the oldest where there is no room."""
        self._waiting.extend(observations)
        while len(self._waiting) > self._limit:
            self._drop(self._waiting.popleft())
        self._changed.set()
        if not self._hurried.is_set() and any(map(self._is_urgent, observations)):
            self._hurried.set()

    def take(self, limit: int) -> tuple[Observation, ...]:
        """The oldest, at most so many; after a loss each equipment's `Missed` comes first."""
        taken: list[Observation] = []
        while self._dropped and len(taken) < limit:
            path = next(iter(self._dropped))
            lost = self._dropped.pop(path)
            taken.append(Missed(path, lost.first, lost.last, REASON, lost.samples))
        room = min(len(self._waiting), limit - len(taken))
        taken += [self._waiting.popleft() for _ in range(room)]
        if not self._waiting:
            self._hurried.clear()
        return tuple(taken)

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._changed.set()
        self._hurried.set()

    async def filled(self, number: int) -> None:
        """Return once so many wait, or nothing more will come."""
        while len(self) < number and not self.closed:
            self._changed.clear()
            await self._changed.wait()

    async def chunks(self) -> AsyncIterator[Chunk]:
        """What waits, until nothing more will come.

        A chunk becomes about one message per equipment: where those are many, it waits longer, but
        not with something urgent in it.
        """
        within_s = CHUNK_WITHIN_S
        while True:
            await self.filled(1)
            if not len(self):
                return
            await _at_most(CHUNK_WITHIN_S, self.filled(CHUNK_OBSERVATIONS))
            if within_s > CHUNK_WITHIN_S and len(self) < CHUNK_OBSERVATIONS:
                await _at_most(within_s - CHUNK_WITHIN_S, self._hurried.wait())
            taken = self.take(CHUNK_OBSERVATIONS)
            messages = len({getattr(one, "equipment", None) for one in taken})
            within_s = min(STRETCHED_WITHIN_S, messages / MESSAGES_PER_S)
            yield Chunk(taken)

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


def tells_meaning(
    equipment: Sequence[tuple[EquipmentPath, Equipment]],
) -> Callable[[Observation], bool]:
    """Whether an observation is of a tag that moves the equipment's numbers."""
    meant = {(path, tag.name) for path, one in equipment for tag in one.tags if tag.means}

    def found(seen: Observation) -> bool:
        return isinstance(seen, Sample) and (seen.equipment, seen.tag) in meant

    return found


async def _at_most(seconds: float, waited_for: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waited_for
