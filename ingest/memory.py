"""What the mapping remembers of one equipment, between chunks and over restarts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.counters import Baseline
from ingest.reporting import Reported
from schemas.machine import TimeCategory


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
        return cls(*names, category, found["state"], counters, reported)
