"""What the peers of the inputs have in common: processes that are told, halted and killed."""

import json
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from schemas.plant.load import PlantFile, load_plant

STARTED_WITHIN_S = 30.0
PEERS = Path(__file__).parents[2] / "peers"

NUMBER, LEVEL, ABSENT = "number", "level", "absent"
"""The tags: an integer, a float that is 0.5 more, and one that the peer does not have."""
SITE = "e/s"
ONE, TWO = f"{SITE}/a/l/one", f"{SITE}/a/l/two"
"""Equipment with all three tags, and with the number only."""


class Peer(Protocol):
    """Another implementation of a protocol, as a process of its own."""

    @property
    def place(self) -> str:
        """How messages name it."""

    @property
    def source(self) -> Mapping[str, object]:
        """What the plant file has to say of it."""

    @property
    def quick(self) -> Mapping[str, object]:
        """What makes its values come sooner than by default, so that tests are short."""

    @property
    def tags(self) -> Mapping[str, Mapping[str, object]]:
        """The addresses of the three tags, by name."""

    @property
    def bridges(self) -> frozenset[signal.Signals]:
        """Outages of which nothing is missed, because the peer keeps what was said meanwhile."""

    def start(self) -> None:
        """Start it; it answers on return."""

    def set(self, number: int) -> None:
        """Let the number be this, and the level 0.5 more."""

    def send(self, what: signal.Signals) -> None:
        """Send its process a signal: SIGSTOP, SIGCONT."""

    def kill(self) -> None:
        """SIGKILL; it can be started again."""

    def close(self) -> None:
        """Leave nothing behind."""


def plant_of(peer: Peer, *rules: Mapping[str, object]) -> PlantFile:
    """A plant whose two machines are read from this peer, quickly, with these alert rules."""
    return plant_with({**peer.source, **peer.quick}, peer.tags, rules)


def plant_with(
    source: Mapping[str, object],
    addresses: Mapping[str, Mapping[str, object]],
    rules: Sequence[Mapping[str, object]] = (),
) -> PlantFile:
    """A plant whose two machines are read from this source, with these alert rules."""
    tags = [{"name": name, **address} for name, address in addresses.items()]
    place = {"area": "a", "line": "l", "source": "line", "calendar": "always"}
    told = {
        "enterprise": "e",
        "site": "s",
        "name": "Contract",
        "time_zone": "UTC",
        "calendars": {"always": {"shifts": [{"name": "day", "start": "00:00", "end": "24:00"}]}},
        "sources": {"line": dict(source)},
        "equipment": [
            {"id": "one", **place, "tags": tags},
            {"id": "two", **place, "tags": tags[:1]},
        ],
        "alert_rules": list(rules),
    }
    return load_plant(json.dumps(told), "contract.yaml")


class Program:
    """A process that says a line once it is ready, and one for each order that it has done."""

    def __init__(self, argv: Sequence[object]) -> None:
        self._argv = [str(one) for one in argv]
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def heard(self, wanted: str) -> str:
        """The line that has this in it, once it is said."""
        out: Any = self._process.stdout
        deadline = time.monotonic() + STARTED_WITHIN_S
        while time.monotonic() < deadline:
            ready, _, _ = select.select([out], [], [], 0.1)
            line = out.readline().decode() if ready else ""
            if line and wanted in line:
                return str(line.strip())
            assert self._process.poll() is None, f"{self._argv} ended"
        raise AssertionError(f"{self._argv} did not say {wanted}")

    def order(self, line: str, wanted: str = "done") -> str:
        """Have something done; gives the answer."""
        orders: Any = self._process.stdin
        orders.write(f"{line}\n".encode())
        orders.flush()
        return self.heard(wanted)

    def send(self, what: signal.Signals) -> None:
        self._process.send_signal(what)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
