"""What is asked about facts, and what it is answered with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from schemas.kpi import OeeReport, Quantities, StopCounts, TimeElements

Level = Literal["equipment", "line", "area", "site"]
WindowKind = Literal["shift", "batch", "day"]


@dataclass(frozen=True, slots=True)
class Place:
    """A machine, line, area or site in one run, and its machines by path."""

    level: Level
    path: str
    run: str
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactsQuestion:
    """What is asked: a place, and windows by name or by the span that they meet.

    Without a name and a span it is the newest window; of shifts the newest one of every machine
    that worked on the newest production day, because calendars may name them differently.
    """

    level: Level
    name: str
    by: WindowKind
    window: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What adds up, of one machine in one window that is reported (a shift, or a batch)."""

    equipment: str
    window: str
    """'' outside of shifts."""
    time: TimeElements
    quantities: Quantities
    stops: StopCounts
    cells: int
    late_cells: int
    plant_versions: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ReasonFacts:
    """Time and number of stops of a machine's category for a reason; None where none was given."""

    equipment: str
    category: str
    reason: str | None
    seconds: float
    number: int


@dataclass(frozen=True, slots=True)
class BadParts:
    """Scrap and rework that people reported of a machine, with the reason that they gave."""

    equipment: str
    reason: str
    startup: bool
    parts: int


@dataclass(frozen=True, slots=True)
class LateChange:
    """What one late event moved: names of facts with their differences, and `reasons`."""

    equipment: str
    event: str
    moved: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event that restated something, as it was said."""

    equipment: str
    event: str
    type: str
    time: datetime
    ingest_time: datetime
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FactsAnswer:
    """Everything that is stored of the place in the windows."""

    place: Place
    by: WindowKind
    windows: tuple[str, ...]
    facts: tuple[Facts, ...]
    booked: tuple[Facts, ...]
    """The same without what late events moved: as it was booked at first."""
    reasons: tuple[ReasonFacts, ...]
    bad: tuple[BadParts, ...]
    reports: tuple[OeeReport, ...]
    """Of all revisions, oldest first per window."""
    late: tuple[LateChange, ...]
    events: Mapping[tuple[str, str], EventFacts]
    """By equipment and event id."""
    constraint: str | None
    """The machine whose OEE is that of the line."""
