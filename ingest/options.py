"""What an agent is asked to do, and what it needs of the world."""

import asyncio
import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from prometheus_client import CollectorRegistry

from ingest.edge import FrameCut
from ingest.mapping import SKEW_LIMIT
from ingest.metrics import SourceMetrics
from ingest.ports import Clock, Entropy, Sleep
from ingest.retry import Backoff
from ingest.urgent import Urgency
from plantstream.runtime import clock
from plantstream.runtime.tracing import NO_TRACING, Tracing


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What kind of stream this is; one of the three constructors fits."""

    run: str = ""
    skew_limit: timedelta | None = SKEW_LIMIT
    """How old a source time may be by the edge's clock; None believes all, also what is ahead."""
    cut: FrameCut = FrameCut.EACH_CHUNK
    finite: bool = False
    """The inputs can be read again: wait instead of dropping, and leave no spool at the end."""

    @classmethod
    def live(cls) -> Self:
        """Machines: what is not seen now is never seen."""
        return cls()

    @classmethod
    def replay(cls, run: str) -> Self:
        """A recording as a run; a repeat gives the same records under the same ids."""
        return cls(run=run, skew_limit=None, cut=FrameCut.WHOLE, finite=True)

    @classmethod
    def replay_as_live(cls) -> Self:
        """A recording whose times are shifted to now."""
        return cls(skew_limit=None, finite=True)


@dataclass(frozen=True, slots=True)
class World:
    """What the agent needs of the world; a simulation brings its own."""

    now: Clock = clock.now
    entropy: Entropy = os.urandom
    sleep: Sleep = asyncio.sleep
    backoff: Backoff = field(default_factory=Backoff)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    sources: SourceMetrics = field(default_factory=lambda: SourceMetrics(CollectorRegistry()))
    """The metrics that the inputs were built with."""
    urgency: Urgency = field(default_factory=Urgency)
    """What the inputs were built with."""
    tracing: Tracing = NO_TRACING
