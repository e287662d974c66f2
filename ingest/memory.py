"""What the mapping remembers of one equipment, between chunks and over restarts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingest.counters import Baseline
from ingest.reporting import Reported
from schemas.machine import TimeCategory


@dataclass(frozen=True, slots=True)
class Cycle:
    """The cycle that a tag told last."""

    at: datetime
    duration_ms: int

    def dump(self) -> list[str | int]:
        """As JSON that `load` reads."""
        return [self.at.isoformat(), self.duration_ms]

    @classmethod
    def load(cls, stored: tuple[str, int]) -> "Cycle":
        """What `dump` gave."""
        at, duration_ms = stored
        return cls(datetime.fromisoformat(at), duration_ms)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the mapping remembers of one equipment."""

    batch: str | None = None
    product: str | None = None
    category: TimeCategory | None = None
    """None: nothing is known, so the next state is an event whatever it says."""
    state: str | None = None
    counters: Mapping[str, Baseline] = field(default_factory=dict)
    reported: Mapping[str, Reported] = field(default_factory=dict)
    """Of tags of which not every value is reported."""
    phase: str | None = None
    stop_reason: str | None = None
    """The device's newest word for why it stands."""
    cycles: Mapping[str, "Cycle"] = field(default_factory=dict)

    def dump(self) -> bytes:
        """As JSON that `load` reads."""
        return json.dumps(
            {
                "batch": self.batch,
                "product": self.product,
                "category": self.category,
                "state": self.state,
                "counters": {tag: one.dump() for tag, one in self.counters.items()},
                "reported": {tag: one.dump() for tag, one in self.reported.items()},
                "phase": self.phase,
                "stop_reason": self.stop_reason,
                "cycles": {tag: one.dump() for tag, one in self.cycles.items()},
            }
        ).encode()

    @classmethod
    def load(cls, stored: bytes) -> "Memory":
        """The memory that `dump` wrote."""
        found = json.loads(stored)
        category = found["category"] and TimeCategory(found["category"])
        counters = {tag: Baseline.load(text) for tag, text in found["counters"].items()}
        reported = {tag: Reported.load(rows) for tag, rows in found.get("reported", {}).items()}
        names = found["batch"], found["product"]
        cycles = {tag: Cycle.load(one) for tag, one in found.get("cycles", {}).items()}
        said = found.get("phase"), found.get("stop_reason")
        return cls(*names, category, found["state"], counters, reported, *said, cycles)
