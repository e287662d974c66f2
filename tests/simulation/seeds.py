"""Runs many seeds on all cores, and makes a failing one small."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field

from tests.simulation.faults import SeededFaults
from tests.simulation.quiet import quiet

Outcome = tuple[list[str], Counter[str]]
"""What is wrong after a seed, and what happened on the way."""
Live = Callable[[int, SeededFaults | None], Outcome]
"""Runs a seed with its own faults, or with those given."""
SEEDS = range(int(os.environ.get("SEEDS", "1000")))
SELDOM = 30
SHOWN = 10
HALVES = 8


@dataclass
class Seeds:
    """The seeds of one kind of world; workers live them, tests look at what came of it."""

    live: Live
    faults: Callable[[int], SeededFaults]
    _found: dict[int, "Future[Outcome]"] = field(default_factory=dict)
    _pool: ProcessPoolExecutor | None = None

    def begin(self, wanted: Iterable[int]) -> None:
        """Let the workers begin with these."""
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(os.cpu_count(), context, quiet)
        self._found = {seed: self._pool.submit(self.live, seed, None) for seed in wanted}

    def end(self) -> None:
        """Wait for nobody."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def differences(self, seed: int) -> list[str]:
        """What is wrong after this seed."""
        return self._found[seed].result()[0]

    def tally(self) -> Counter[str]:
        """What happened in all of them."""
        total: Counter[str] = Counter()
        for one in self._found.values():
            total += one.result()[1]
        return total

    def rare(self, wanted: Iterable[str]) -> list[str]:
        """What happened less often than once in so many seeds."""
        tally = self.tally()
        return [what for what in wanted if tally[what] * SELDOM <= len(self._found)]

    def small(self, seed: int) -> str:
        """The least that has to go wrong for this seed to fail: kinds of faults, and how long."""
        off: frozenset[str] = frozenset()
        for kind in sorted({*self._kinds(seed)}):
            if self._fails(seed, off | {kind}, None):
                off |= {kind}
        until_s = self.faults(seed).until_s
        begin_s = 0.0
        for _ in range(HALVES):
            middle = (begin_s + until_s) / 2
            if self._fails(seed, off, middle):
                until_s = middle
            else:
                begin_s = middle
        left = sorted({*self._kinds(seed)} - off)
        return f"it takes only {', '.join(left) or 'nothing'}, and faults until {until_s:.0f} s"

    def _kinds(self, seed: int) -> list[str]:
        faults = self.faults(seed)
        self.live(seed, faults)
        return list(faults.kinds)

    def _fails(self, seed: int, off: frozenset[str], until_s: float | None) -> bool:
        faults = self.faults(seed)
        faults.off = off
        faults.until_s = faults.until_s if until_s is None else until_s
        return bool(self.live(seed, faults)[0])


def told(seeds: Seeds, seed: int, again: str) -> str:
    """A message for people about a seed that fails; empty for one that does not."""
    found = seeds.differences(seed)
    if not found:
        return ""
    shown = "\n  ".join(found[:SHOWN])
    return f"{len(found)} differences:\n  {shown}\n{seeds.small(seed)}\nagain: {again}"
