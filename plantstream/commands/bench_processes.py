"""What processor time each process takes, as the kernel counts it."""

import os
from collections.abc import Mapping
from pathlib import Path

from plantstream.runtime import clock

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Of /proc/PID/stat, behind the name."""


class Processes:
    """Some processes and this one, from now on."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = {**pids, "bench": os.getpid()}
        self._started = clock.monotonic()
        self._before = {name: cpu_s(pid) for name, pid in self._pids.items()}

    def shares(self) -> dict[str, float]:
        """The part of a core that each has taken since then, largest first."""
        elapsed_s = clock.monotonic() - self._started
        found = {
            name: (cpu_s(pid) - self._before[name]) / elapsed_s for name, pid in self._pids.items()
        }
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def told(self) -> str:
        """In words."""
        shares = self.shares()
        listed = ", ".join(f"{name} {100 * share:.0f}" for name, share in shares.items())
        return f"% of a core: {listed}; in all {100 * sum(shares.values()):.0f}"


def cpu_s(pid: int) -> float:
    """User and system time of a process so far; 0 once it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S
