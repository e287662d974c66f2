"""What arrived and waits for the agent: bounded, and honest about what it had to drop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from ingest.input import Alarm, Alive, Chunk, Missed, Observation, Sample, Unreadable
from ingest.urgent import Urgency
from schemas.plant.equipment import Equipment
from schemas.plant.tags import Tag
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
class Holding:
    """How much is held for the agent, and what is not held back."""

    limit: int = MAX_WAITING
    """Observations."""
    urgency: Urgency = field(default_factory=Urgency)


_Subject = tuple[type[Sample | Alarm], str]
"""A tag or a condition."""


@dataclass(frozen=True, slots=True)
class _Dropped:
    first: datetime
    last: datetime
    samples: int


class Backlog:
    """A queue of observations. When it is full the oldest samples go, and become a `Missed`.

    The newest one that went of each tag that lasts, and of each alarm, is told behind it: a source
    that tells changes only does not say it again.
    """

    def __init__(
        self,
        holding: Holding | None = None,
        is_pressing: Callable[[Observation], bool] = lambda _: False,
        lasting: Callable[[Observation], bool] = lambda _: False,
    ) -> None:
        self._holding = holding or Holding()
        self._is_pressing = is_pressing
        self._lasting = lasting
        self._hurried = False
        self._urgent: set[EquipmentPath] = set()
        self._waiting: deque[Observation] = deque()
        self._dropped: dict[EquipmentPath, _Dropped] = {}
        self._held: dict[EquipmentPath, dict[_Subject, Sample | Alarm]] = {}
        self._changed = asyncio.Event()
        self.dropped = 0
        """Observations dropped since the start, but for signs of life."""
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._dropped)

    def put(self, observations: Sequence[Observation]) -> None:
        """Take these, and drop the oldest where there is no room."""
        self._waiting.extend(observations)
        while len(self._waiting) > self._holding.limit:
            self._drop(self._waiting.popleft())
        self._changed.set()
        self._hurried = self._hurried or any(map(self._is_pressing, observations))
        now_s = asyncio.get_running_loop().time()
        self._urgent |= self._holding.urgency.among(observations, now_s)

    def take(self, limit: int) -> tuple[Observation, ...]:
        """The oldest, at most so many; after a loss each equipment's `Missed` comes first."""
        taken: list[Observation] = []
        while self._dropped and len(taken) < limit:
            taken.append(self._missed(next(iter(self._dropped))))
        room = min(len(self._waiting), limit - len(taken))
        taken += [self._waiting.popleft() for _ in range(room)]
        if not self._waiting:
            self._hurried = False
            self._urgent.clear()
        return tuple(taken)

    def take_urgent(self) -> tuple[Observation, ...]:
        """All that waits of the equipment that has something urgent; the rest goes on waiting."""
        paths, self._urgent = self._urgent, set()
        taken: list[Observation] = [self._missed(path) for path in paths & self._dropped.keys()]
        others: deque[Observation] = deque()
        for one in self._waiting:
            (taken if getattr(one, "equipment", None) in paths else others).append(one)
        self._waiting = others
        return tuple(taken)

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._changed.set()

    async def filled(self, number: int) -> None:
        """Return once so many wait, or nothing more will come."""
        await self._until(None, lambda: len(self) >= number)

    async def chunks(self) -> AsyncIterator[Chunk]:
        """What waits, until nothing more will come.

        A chunk becomes about one message per equipment: where those are many, it waits longer, but
        not with something pressing in it. Equipment with something urgent goes ahead of the others.
        """
        within_s, now_s = CHUNK_WITHIN_S, asyncio.get_running_loop().time
        begun_s: float | None = None
        while True:
            await self.filled(1)
            if not len(self):
                return
            begun_s = now_s() if begun_s is None else begun_s
            await self._ripe(begun_s, within_s)
            urgent = bool(self._urgent)
            if urgent and now_s() < begun_s + within_s and len(self) <= CHUNK_OBSERVATIONS:
                taken = self.take_urgent()
                begun_s = begun_s if len(self) else None
            else:
                taken, begun_s = self.take(CHUNK_OBSERVATIONS), None
                messages = len({getattr(one, "equipment", None) for one in taken})
                stretched_s = min(STRETCHED_WITHIN_S, messages / MESSAGES_PER_S)
                within_s = max(CHUNK_WITHIN_S, stretched_s)
            if taken:
                yield Chunk(taken, urgent=urgent)

    async def _ripe(self, begun_s: float, within_s: float) -> None:
        """Return once a chunk that began then is due, or something urgent waits."""

        def full() -> bool:
            return bool(self._urgent) or len(self) >= CHUNK_OBSERVATIONS

        await self._until(begun_s + CHUNK_WITHIN_S, full)
        if within_s > CHUNK_WITHIN_S and not full():
            await self._until(begun_s + within_s, lambda: self._hurried or full())

    async def _until(self, at_s: float | None, is_enough: Callable[[], bool]) -> None:
        """Wait for this, at most until then by the loop's clock or until nothing more will come."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(at_s):
                while not (is_enough() or self.closed):
                    self._changed.clear()
                    await self._changed.wait()

    def _drop(self, observation: Observation) -> None:
        match observation:
            case Sample(equipment=path, tag=tag, source_time=at):
                is_over = observation.historical or not self._lasting(observation)
                lost = 1 if is_over else self._hold((Sample, tag), observation)
                self.dropped += lost
                self._lose(path, at, at, lost)
            case Missed(equipment=path, start=start, end=end, lost=lost):
                self._lose(path, start, end, lost or 0)
            case Unreadable():
                self.dropped += 1
            case Alarm(equipment=path, condition=condition, at=at):
                self.dropped += self._hold((Alarm, condition), observation)
                self._lose(path, at, at, 0)
            case Alive():
                pass

    def _missed(self, path: EquipmentPath) -> Missed:
        lost = self._dropped.pop(path)
        # What was so before the end of the loss is known to be so at its end.
        self._waiting.extendleft(
            one._replace(source_time=lost.last) if isinstance(one, Sample) else one
            for one in reversed(self._held.pop(path, {}).values())
        )
        return Missed(path, lost.first, lost.last, REASON, lost.samples)

    def _hold(self, subject: _Subject, newest: Sample | Alarm) -> int:
        """Keep the newest of a subject; gives how many are lost by that."""
        held = self._held.setdefault(newest.equipment, {})
        lost = subject in held
        held[subject] = newest
        return int(lost)

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
    return _of_tags(equipment, lambda tag: tag.means is not None)


def tells_what_lasts(
    equipment: Sequence[tuple[EquipmentPath, Equipment]],
) -> Callable[[Observation], bool]:
    """The same, where its value holds until the next one: a cycle is of its moment."""
    return _of_tags(equipment, lambda tag: tag.means not in {None, "cycle_time"})


def _of_tags(
    equipment: Sequence[tuple[EquipmentPath, Equipment]], wanted: Callable[[Tag], bool]
) -> Callable[[Observation], bool]:
    meant = {(path, tag.name) for path, one in equipment for tag in one.tags if wanted(tag)}

    def found(seen: Observation) -> bool:
        return isinstance(seen, Sample) and (seen.equipment, seen.tag) in meant

    return found
