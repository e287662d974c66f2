"""What goes wrong: at every await of an adapter, and between any two rows of a transaction."""

import random
from collections import Counter
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
    clock_set: bool = False
    """The wall clock of its host is set."""


NOTHING = Fault()
_CRASHES = {Place.CALL: 0.002, Place.POLL: 0.0005, Place.ROW: 0.0006}
"""Chances; as often a process stands still, or its host's wall clock is set."""


class Faults(Protocol):
    """Decides what goes wrong. All randomness of a simulation comes from here."""

    rng: random.Random
    tally: Counter[str]
    until_s: float

    def at(self, place: Place, now_s: float) -> Fault:
        """What happens at this place."""

    def happens(self, what: str, chance: float, now_s: float) -> bool:
        """Whether this mishap of the world comes about; it is counted."""

    def strikes(self, chance: float, now_s: float) -> bool:
        """Whether some mishap comes about; which one, `counts` is told."""

    def counts(self, what: str) -> bool:
        """Count it, unless it is left out."""


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
        crash = self._rate * _CRASHES[place]
        drawn = self.rng.random()
        if drawn < crash:
            return self._or_nothing(f"crash at {place.name.lower()}", Fault(crash=True))
        if drawn < 2 * crash:
            return self._or_nothing("freeze", Fault(freeze_s=self.rng.uniform(1, 90)))
        if drawn < 3 * crash:
            return self._or_nothing("clock set", Fault(clock_set=True))
        if place is Place.CALL and drawn < 0.3:
            return self._or_nothing("delay", Fault(delay_s=drawn * drawn * 20))
        return NOTHING

    def happens(self, what: str, chance: float, now_s: float) -> bool:
        return self.strikes(chance, now_s) and self.counts(what)

    def strikes(self, chance: float, now_s: float) -> bool:
        return now_s <= self.until_s and self.rng.random() < chance * self._rate

    def counts(self, what: str) -> bool:
        self.kinds.add(what)
        if what in self.off:
            return False
        self.tally[what] += 1
        return True

    def _or_nothing(self, kind: str, fault: Fault) -> Fault:
        return fault if self.counts(kind) else NOTHING


@dataclass
class OneCrash:
    """A quiet world, but for one crash at the place with this number."""

    number: int
    tally: Counter[str] = field(default_factory=Counter)
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    until_s: float = float("inf")

    def at(self, place: Place, *_: Any, **__: Any) -> Fault:
        here = self.tally["places"]
        self.tally["places"] += 1
        if here != self.number:
            return NOTHING
        self.tally[f"crash at {place.name.lower()}"] += 1
        return Fault(crash=True)

    def happens(self, *_: Any, **__: Any) -> bool:
        return False

    strikes = counts = happens
