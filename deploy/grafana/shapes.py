"""What a dashboard is made of, before it is Grafana's JSON: boards, panels, columns, claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """How a panel draws what it is given; values are Grafana's names of its panels."""

    STAT = "stat"
    SERIES = "timeseries"
    TABLE = "table"
    BARS = "barchart"
    GAUGES = "bargauge"
    STATES = "state-timeline"


class Number(StrEnum):
    """What the demo's ledger knows, and a panel can be held against."""

    GOOD = "good parts in planned time"
    SCRAP = "scrap in planned time"
    REWORK = "parts for rework in planned time"
    CONSTRAINT_GOOD = "good parts in planned time at the constraints of the lines"
    OEE = "OEE: ideal time of good parts / planned time"
    AVAILABILITY = "availability: production time / planned time"
    QUALITY_RATIO = "good parts / all parts"
    LOST = "seconds lost, by each of the seven losses"
    WHY = "seconds of planned time, by category and reason"
    JUDGED = "results judged, the newest version of each"
    WITHIN = "results within specification, the newest version of each"
    BATCHES_ENDED = "batches that have ended"
    APPROVED = "batches that were approved"
    REJECTED = "batches that were rejected"
    OPEN_DEVIATIONS = "deviations that are not closed"
    SIGNED = "statements that were signed, accepted or not"
    OVERHEATED = "how hot the reactor became whose valve stayed open"


@dataclass(frozen=True, slots=True)
class Equals:
    """The sum of `column` over the panel's rows, apart by `by`, is this number of the ledger."""

    number: Number
    column: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class NoNumber:
    """Why no number of the ledger is what the panel shows."""

    why: str


OF_THE_PIPELINE = NoNumber("it is about the pipeline; the ledger is about the plant")
MEASURED = NoNumber("the ledger has measured values around a mishap only")
OVER_TIME = NoNumber("the panel beside it has the same sums over the whole range")
BY_PEOPLE = NoNumber("who is told what, and how fast, is held against the stand-ins by the demo")
PLANNED = NoNumber("it is a list of what is there; figures are in other panels")


@dataclass(frozen=True, slots=True)
class Column:
    """How one column of the answer is shown; its heading is in words.toml, by its name."""

    name: str
    unit: str | None = None
    decimals: int | None = None
    steps: Mapping[float | None, str] | None = None
    values: str | None = None
    """The table of colours.py by which its values are told."""
    begins_with: str | None = None
    """The same, of values that begin with one and go on with a colon."""
    link: str | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its id names its title and explanation in words.toml."""

    id: str
    kind: Kind
    claim: Equals | NoNumber
    sql: str = ""
    promql: Mapping[str, str] = field(default_factory=dict)
    """Instead of SQL: expression by legend."""
    size: tuple[int, int] = (12, 8)
    """Of 24 columns, and rows of 30 pixels."""
    unit: str = "short"
    decimals: int | None = None
    steps: Mapping[float | None, str] | None = None
    """Colour by the value from which it holds; None is below all."""
    limits: bool = False
    """Draw the steps as lines."""
    columns: Sequence[Column] = ()
    span: str | None = None
    """A range of its own, as 7d."""
    least: str | None = None
    """The shortest interval of a point."""
    bars: bool = False
    points: bool = False
    stacked: bool = False
    at_most: float | None = None
    shows: tuple[float, float] | None = None
    """What the axis shows at least."""
    also: Sequence[Equals] = ()
    """What else it must equal."""
    at_least: float | None = None
    """Where the axis begins."""


@dataclass(frozen=True, slots=True)
class Row:
    """A heading, and what stands below it."""

    id: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    id: str
    rows: Sequence[Row]
    variables: Sequence[str]
    """Names of variables.py, in the order in which they depend on each other."""
    span: str = "now-24h"
    refresh: str = "30s"
    annotations: Sequence[str] = ("shifts", "batches", "alerts")

    @property
    def panels(self) -> list[Panel]:
        """All of them, from top to bottom."""
        return [panel for row in self.rows for panel in row.panels]
