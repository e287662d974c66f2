"""What must be known around an event to judge the cycle that it ends."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

Mode = Literal["states", "counters", "events"]


class CyclePlan(Protocol):
    """What the plant file says about the cycles of one equipment."""

    @property
    def cycles(self) -> Mode | None:
        """What a cycle is; None: its cycles are not timed."""

    @property
    def slow_cycle(self) -> Decimal:
        """A cycle longer than the ideal one times this is slow."""

    @property
    def minor_stop(self) -> timedelta:
        """Unplanned stops shorter than this are part of the cycle in which they happen."""

    @property
    def unknown_after(self) -> timedelta | None:
        """After so long without a sign of life nobody knows what happened."""

    @property
    def counts_produced(self) -> bool:
        """Whether one counter sees every part, so that scrap and rework are counted twice."""

    def ideal_us(self, product: str | None, day: date) -> int | None:
        """Microseconds per counting unit, or None where nobody knows."""


class Owner(NamedTuple):
    """Whose cycles these are."""

    run: str
    equipment: str
    plant_version: str


class Context(NamedTuple):
    """What is true at an event, once the event itself is taken into account."""

    owner: Owner
    plan: CyclePlan
    batch: str | None
    product: str | None
    shift: str | None
    day: date
