"""What the shell asks of the world, and how much it does at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from plantstream.runtime.ports import Feed, Journal
from plantstream.runtime.reach import Reach
from plantstream.runtime.tracing import NO_TRACING, Tracing
from processors.step import Sites
from processors.streams.upstream import NoUpstream, Upstream
from schemas.plant.load import PlantFile


class Plants(Protocol):
    """The plant files that events name by their version."""

    async def known(self, versions: set[str]) -> Mapping[str, PlantFile]:
        """The plant files of these versions; those never published are left out."""

    async def in_force(self, now: datetime) -> Sites:
        """The plant files in force, of sites where one was applied, as was read lately."""


@dataclass(frozen=True, slots=True)
class ShellLimits:
    """How much is done at once, and how often."""

    batch_records: int = 2000
    tick_s: float = 2.0
    commit_s: float = 1.0
    wait_s: float = 5.0
    """So long what has no outputs waits for a transaction of its own while more comes in."""
    grace_s: float = 0.0
    """No ticks for so long after the log was out of reach: whoever could not write writes first."""


@dataclass(frozen=True, slots=True)
class ShellPorts:
    """What the shell asks of the world."""

    feed: Feed
    journal: Journal
    plants: Plants
    now: Callable[[], datetime]
    upstream: Upstream = field(default_factory=NoUpstream)
    reach: Reach = field(default_factory=Reach)
    tracing: Tracing = NO_TRACING
