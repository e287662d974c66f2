"""The machine of a worker, which outlives its process: a wall clock, and lines to other parts."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from tests.simulation.faults import Faults

BROKER, DATABASE, PROVIDER = "broker", "database", "provider"
CHANCE = 0.004
"""That a line is cut while something goes over it."""
BLINK_S, OUTAGE_S = (0.5, 5.0), (5.0, 120.0)
"""Some cuts are over before anybody is given up, some are not."""
STEP_S, FAR_S = 2.0, 4 * 3600.0
"""By so much a wall clock is off, or is not."""
OFF_S = {"dispatcher": (-600.0, 600.0), "rules": (-FAR_S, 0.0)}
"""By their clocks somebody else is called, and an alert is as old as what was due before it."""


class Lost(Enum):
    """What a cut line does not carry."""

    ASKED = "what is asked"
    ANSWERED = "what is answered"
    ALL = "both ways"

    def includes(self, way: "Lost") -> bool:
        """Whether this is lost, too."""
        return self in {way, Lost.ALL}


@dataclass(frozen=True, slots=True)
class Cut:
    """A line that is cut, until when."""

    lost: Lost
    until_s: float


@dataclass
class Host:
    """Where one worker runs, life after life."""

    worker: str
    faults: Faults
    ahead_s: float = 0.0
    """Of its wall clock; the monotonic one is always right."""
    _cuts: dict[str, Cut] = field(default_factory=dict)

    def seconds(self) -> float:
        """What its wall clock says, in seconds since the beginning."""
        now_s = asyncio.get_running_loop().time()
        if self.ahead_s and now_s > self.faults.until_s:
            self.ahead_s = 0.0
        return now_s + self.ahead_s

    def set_clock(self) -> None:
        """Somebody or something sets the wall clock: a little, a lot, or right."""
        faults, before_s = self.faults, self.ahead_s
        far = OFF_S.get(self.kind, (-FAR_S, FAR_S))
        least_s, most_s = faults.rng.choice(((-STEP_S, min(STEP_S, far[1])), far, (0.0, 0.0)))
        self.ahead_s = faults.rng.uniform(least_s, most_s)
        ahead = self.ahead_s > before_s
        faults.tally[f"clock of {self.kind} set {'ahead' if ahead else 'back'}"] += 1

    @property
    def kind(self) -> str:
        """What its worker is, whichever of them."""
        return self.worker.split()[0]

    def cut(self, part: str, chance: float = 0.0) -> Cut | None:
        """The cut of the line to this part, if there is one; by chance there is one from now on."""
        now_s = asyncio.get_running_loop().time()
        cut = self._cuts.get(part)
        if cut is not None and now_s < min(cut.until_s, self.faults.until_s):
            return cut
        if not chance or not self.faults.strikes(chance, now_s):
            return None
        rng = self.faults.rng
        lost, length_s = rng.choice(list(Lost)), rng.uniform(*rng.choice((BLINK_S, OUTAGE_S)))
        if not self.faults.counts(f"line {self.kind}-{part} cut, {lost.value}"):
            return None
        self._cuts[part] = cut = Cut(lost, now_s + length_s)
        return cut


def lines_cut(*lines: str) -> Iterator[str]:
    """How cuts of these are counted."""
    return (f"line {line} cut, {lost.value}" for line in lines for lost in Lost)


def clocks_set(*workers: str) -> Iterator[str]:
    """How it is counted that somebody sets the clocks of these."""
    return (f"clock of {one} set {where}" for one in workers for where in ("ahead", "back"))
