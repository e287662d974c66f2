"""What goes wrong: at every await of an adapter, and between any two rows of a transaction."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol


class Crash(BaseException):
    """The process is gone, as by SIGKILL: whatever runs on in it reaches nothing any more."""


class Place(Enum):
    """Kinds of places where something may go wrong."""

    CALL = auto()
    """Before and after a call of an adapter takes effect."""
    POLL = auto()
    """The same for a poll: there are so many that faults are rarer."""
    ROW = auto()
    """Between two rows or records of one call; nothing is awaited there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at one place."""

    crash: bool = False
    freeze_s: float = 0.0
    """The whole process stands still, as by SIGSTOP."""
    delay_s: float = 0.0
    """Only this call takes longer."""


NOTHING = Fault()


class Faults(Protocol):
    """Decides what goes wrong. All randomness of a simulation comes from here."""

    rng: random.Random
    tally: Counter[str]

    def at(self, place: Place, now_s: float) -> Fault:
        """What happens at this place."""

    def happens(self, what: str, chance: float, now_s: float) -> bool:
        """Whether this mishap of the world comes about; it is counted."""


@dataclass
class SeededFaults:
    """Everything, as the seed says, up to `until_s`; then the world is quiet and can catch up."""

    seed: int
    until_s: float
    tally: Counter[str] = field(default_factory=Counter)
    off: frozenset[str] = frozenset()
    """Kinds of faults that are left out."""
    kinds: set[str] = field(default_factory=set)
    """Those that came up, left out or not."""

    def __post_init__(self) -> None:
        self.rng = random.Random(f"faults {self.seed}")
        # Some worlds are almost calm and some fall apart, so that both kinds of paths are taken.
        self._rate = self.rng.choice((0.3, 1.0, 1.0, 2.0))

    def at(self, place: Place, now_s: float) -> Fault:
        self.tally["places"] += 1
        if now_s > self.until_s:
            return NOTHING
        crash = self._rate * {Place.CALL: 0.002, Place.POLL: 0.0005, Place.ROW: 0.0006}[place]
        drawn = self.rng.random()
        if drawn < crash:
            return self._or_nothing(f"crash at {place.name.lower()}", Fault(crash=True))
        if drawn < 2 * crash:
            return self._or_nothing("freeze", Fault(freeze_s=self.rng.uniform(1, 90)))
        if place is Place.CALL and drawn < 0.3:
            return self._or_nothing("delay", Fault(delay_s=drawn * drawn * 20))
        return NOTHING

    def happens(self, what: str, chance: float, now_s: float) -> bool:
        if now_s > self.until_s or self.rng.random() >= chance * self._rate:
            return False
        self.kinds.add(what)
        if what in self.off:
            return False
        self.tally[what] += 1
        return True

    def _or_nothing(self, kind: str, fault: Fault) -> Fault:
        self.kinds.add(kind)
        if kind in self.off:
            return NOTHING
        self.tally[kind] += 1
        return fault


@dataclass
class OneCrash:
    """A quiet world, but for one crash at the place with this number."""

    number: int
    tally: Counter[str] = field(default_factory=Counter)
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def at(self, place: Place, *_: Any, **__: Any) -> Fault:
        here = self.tally["places"]
        self.tally["places"] += 1
        if here != self.number:
            return NOTHING
        self.tally[f"crash at {place.name.lower()}"] += 1
        return Fault(crash=True)

    def happens(self, *_: Any, **__: Any) -> bool:
        return False


class Process:
    """One life of a worker: its adapters ask here before and after everything they do."""

    def __init__(self, name: str, faults: Faults) -> None:
        self.name, self.faults = name, faults
        self.crashed = False
        self.frozen_until_s = 0.0
        self.silent: list[Callable[[], None]] = []
        """Who wants to know when it crashes or stands still; how long they wait is theirs."""
        self._loop = asyncio.get_running_loop()

    @property
    def now_s(self) -> float:
        """Simulated seconds."""
        return self._loop.time()

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self.now_s < self.frozen_until_s

    async def point(self, place: Place = Place.CALL) -> None:
        """A place where this process may crash, freeze, or be slow.

        Raises:
            Crash: it does, or did.
        """
        if self.crashed or self.frozen_until_s:
            await self._thaw()
        fault = self.faults.at(place, self.now_s)
        if fault.crash:
            self.crashed = True
            self._fall_silent()
            raise Crash(self.name)
        if fault.freeze_s:
            self.faults.tally["freezes"] += 1
            self.frozen_until_s = self.now_s + fault.freeze_s
            self._fall_silent()
            await self._thaw()
        elif fault.delay_s:
            await asyncio.sleep(fault.delay_s)
            await self._thaw()
        elif place is not Place.ROW:
            await asyncio.sleep(0)
            if self.crashed or self.frozen_until_s:
                await self._thaw()

    def _fall_silent(self) -> None:
        for told in self.silent:
            told()

    async def _thaw(self) -> None:
        while self.frozen:  # noqa: ASYNC110 - another task may freeze it again
            await asyncio.sleep(self.frozen_until_s - self.now_s)
        self.frozen_until_s = 0.0
        if self.crashed:
            raise Crash(self.name)
