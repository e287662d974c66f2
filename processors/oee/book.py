"""The book of one equipment: where its time went and what it made, minute by minute.

A book is filled in the order of source time. Whoever wants to keep an earlier state forks it first:
a fork shares what neither changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from processors.calendar import Slot
from processors.oee.amounts import Amounts
from processors.oee.shelf import Shelf
from processors.oee.stops import StopLog
from schemas.machine import TimeCategory
from schemas.manual import StopReasonGiven
from schemas.record import EventId

MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
REMEMBERED_FOR = timedelta(days=7)
"""So far back a later reason or count changes what was closed."""
MAX_STOPS = 500
MAX_WINDOWS = 160
MAX_MAKINGS = 320
MAX_STARTUPS = 60
MAX_SILENCES = 60


class CellKey(NamedTuple):
    """What a cell is named by."""

    minute: datetime
    batch: str | None
    product: str | None
    shift: str | None
    day: date


@dataclass(slots=True)
class Cell:
    """What is known of one cell, and the span of time that it speaks of."""

    start: datetime
    end: datetime
    amounts: Amounts = field(default_factory=dict)
    owner: object = field(default=None, compare=False, repr=False)
    restated: Mapping[str, int] = field(default_factory=dict, compare=False)
    """What late cells add to its minute, for the rolling hour."""


Kind = Literal["shift", "batch"]


@dataclass(slots=True)
class Window:
    """Sums over a shift or a batch."""

    kind: Kind
    name: str
    start: datetime
    end: datetime
    amounts: Amounts = field(default_factory=dict)
    revision: int = 0
    """How often it was restated after it had closed."""
    cause: EventId | None = None
    """The event that restated it last."""
    owner: object = field(default=None, compare=False, repr=False)


class Making(NamedTuple):
    """From this moment on, this batch of this product was made."""

    since: datetime
    batch: str | None
    product: str | None
    ended: bool = False
    """A batch ended: what was counted at this very moment still belongs to it."""


class Startup(NamedTuple):
    """Between these moments bad parts were start-up rejects."""

    start: datetime
    end: datetime


class Silence(NamedTuple):
    """It was running before, and between these moments nothing was heard of it."""

    start: datetime
    end: datetime


class Minute(NamedTuple):
    """What a closed minute came to in planned time."""

    minute: datetime
    busy_ms: int
    amounts: Amounts


class Place(NamedTuple):
    """The minute that the book was last at, its cell, and what the calendar says of it."""

    start: datetime
    end: datetime
    plan: object
    made: Making | None
    key: CellKey
    slot: Slot
    planned: bool
    """Whether this time was meant for production."""


class Found(NamedTuple):
    """Something that does not fit."""

    kind: str
    start: datetime
    end: datetime
    text: str
    event: EventId | None


Late = tuple[CellKey, EventId]
"""What a cell that restates a closed one is named by."""


class News(NamedTuple):
    """What a step tells besides the cells."""

    findings: tuple[Found, ...] = ()
    superseded: tuple[Window, ...] = ()
    """Closed windows as they were before this step restated them."""


NO_NEWS = News()


class Partless(NamedTuple):
    """Running time since the last part."""

    ms: int = 0
    since: datetime | None = None
    """From when on it has been running without a part; None until it runs again."""


HAS_PARTS = Partless()


@dataclass
class Book:
    """All time before `at` is booked.

    It has 29 fields: for so many CPython shares their names. With one more each fork would take
    five times the memory.
    """

    at: datetime | None = None
    category: TimeCategory = TimeCategory.UNKNOWN
    state: str | None = None
    reason: str | None = None
    """What the device says of why."""
    state_at: datetime | None = None
    """When the state was last said."""
    signal_at: datetime | None = None
    """The last sign of life."""
    maintenance: bool | None = None
    """Whether the maintenance under way was planned; None when there is none."""
    changeover: bool = False
    """A batch has ended or the product has changed, and no part was counted since."""
    ran_in: str | None = None
    """The shift in which it last ran."""
    startup_ms: int = 0
    """So much running time is left in which bad parts are start-up rejects."""
    startup_since: datetime | None = None
    partless: Partless = HAS_PARTS
    stop: StopLog | None = None
    run_since: datetime | None = None
    """A run after `stop` that may turn out too short to end it."""
    waiting: tuple[StopReasonGiven, ...] = ()
    """Reasons given for a run of which nobody knows yet whether it ends the stop."""
    ahead: tuple[StopReasonGiven, ...] = ()
    """Reasons given for a span that is not over yet."""
    cells: dict[CellKey, Cell] = field(default_factory=dict)
    windows: dict[Kind, Window] = field(default_factory=dict)
    late: dict[Late, Cell] = field(default_factory=dict)
    """Cells that restate closed ones, until they are published for good."""
    made: Shelf[Making] = field(default_factory=lambda: Shelf(64, MAX_MAKINGS))
    closed: Shelf[Window] = field(default_factory=lambda: Shelf(16, MAX_WINDOWS))
    stops: Shelf[StopLog] = field(default_factory=lambda: Shelf(50, MAX_STOPS))
    startups: Shelf[Startup] = field(default_factory=lambda: Shelf(20, MAX_STARTUPS))
    silences: Shelf[Silence] = field(default_factory=lambda: Shelf(20, MAX_SILENCES))
    hour: Shelf[Minute] = field(default_factory=lambda: Shelf(10, 240))
    """The minutes of the rolling hour that are closed."""
    found: tuple[str, ...] = ()
    """Findings that were told, the oldest first."""
    news: News = NO_NEWS
    """What is still to be told."""
    place: Place | None = field(default=None, compare=False, repr=False)
    mark: object = field(default_factory=object, compare=False, repr=False)

    def fork(self) -> "Book":
        """A book that can be filled without changing this one."""
        other = Book.__new__(Book)
        other.__dict__ = self.__dict__.copy()
        other.cells = self.cells.copy()
        other.windows = self.windows.copy()
        other.late = self.late.copy()
        other.mark = object()
        return other

    def cell(self, key: CellKey, at: datetime) -> Cell:
        """The cell of this name, to be added to."""
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell(at, at, {}, self.mark)
        elif cell.owner is not self.mark:
            cell = self.cells[key] = Cell(
                cell.start, cell.end, cell.amounts.copy(), self.mark, cell.restated
            )
        return cell

    def window(self, kind: Kind) -> Window | None:
        """The open window of this kind, to be added to."""
        window = self.windows.get(kind)
        if window is None or window.owner is self.mark:
            return window
        return self.own(kind, window)

    def own(self, kind: Kind, window: Window) -> Window:
        """The open window of this kind, once nobody else has it."""
        owned = self.windows[kind] = copied(window, self.mark)
        return owned

    @property
    def batch(self) -> str | None:
        """The open batch."""
        last = self.made.last
        return last.batch if last else None

    @property
    def product(self) -> str | None:
        """What is being made."""
        last = self.made.last
        return last.product if last else None

    @property
    def open_from(self) -> datetime | None:
        """The first minute to which something can still be added without being late."""
        if self.at is None:
            return None
        since = self.at
        if self.stop is not None:
            since = min(since, (self.run_since or since) if self.stop.lasted else self.stop.start)
        place = self.place
        if place is not None and place.start <= since < place.end:
            return place.start
        return floor_minute(since)


def copied(window: Window, owner: object) -> Window:
    """A window that can be added to without changing this one."""
    return Window(
        window.kind,
        window.name,
        window.start,
        window.end,
        window.amounts.copy(),
        window.revision,
        window.cause,
        owner,
    )


def floor_minute(moment: datetime) -> datetime:
    """The minute this moment belongs to."""
    return moment.replace(second=0, microsecond=0)


def whole_ms(moment: datetime) -> datetime:
    """The moment without its microseconds: the books are kept in whole milliseconds."""
    over = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - over) if over else moment


def made_at(book: Book, at: datetime) -> Making | None:
    """What was made at this moment; None where the book does not reach back so far."""
    for one in reversed(book.made):
        if one.since < at or (one.since == at and not one.ended):
            return one
    return None
