"""From the first record to the last result: seconds on the clock and of processor time."""

import json
import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Took:
    """What a run took, its start left out."""

    cpu_s: float
    """User and system, of the process with its threads and children."""
    wall_s: float
    frames: int


class Stopwatch:
    """Begins with the first record, whoever reads it."""

    def __init__(self) -> None:
        self.frames = 0
        self._began: tuple[float, float] | None = None

    def read(self, frames: int = 1) -> None:
        """So many frames more."""
        if self._began is None:
            self._began = _readings()
        self.frames += frames

    def write(self, out: Path) -> None:
        """All is done."""
        began, ended = self._began or _readings(), _readings()
        took = Took(ended[0] - began[0], ended[1] - began[1], self.frames)
        out.write_text(json.dumps(asdict(took)))


def _readings() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.monotonic()
