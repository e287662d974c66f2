"""The book of one equipment: where its time went and what it made, minute by minute.

A book is filled in the order of source time. Whoever wants to keep an earlier state forks it first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from processors.oee.plan import EquipmentPlan
from schemas.machine import TimeCategory

Amounts = dict[str, int]
"""Fields of `TimeElements` and `Quantities` that are not 0."""

MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
MAX_SILENCE = timedelta(days=32)
"""Time without an event is booked up to this long; then the book goes on at the next event."""
REMEMBERED = 16
"""Closed windows, and changes of batch or product, that late facts can still be placed by."""


@dataclass(frozen=True, slots=True)
class CellKey:
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


@dataclass(slots=True)
class Window:
    """Sums over a shift or a batch."""

    kind: Literal["shift", "batch"]
    name: str
    start: datetime
    end: datetime
    amounts: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Making:
    """From this moment on, this batch of this product was made."""

    since: datetime
    batch: str | None
    product: str | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A piece of a stop that may still turn out to be a minor one."""

    key: CellKey
    start: datetime
    milliseconds: int


@dataclass(slots=True)
class Book:
    """All time before `at` is booked."""

    at: datetime | None = None
    category: TimeCategory = TimeCategory.UNKNOWN
    category_since: datetime | None = None
    state_at: datetime | None = None
    """When the state was last said."""
    signal_at: datetime | None = None
    """The last sign of life."""
    making: tuple[Making, ...] = ()
    cells: dict[CellKey, Cell] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    closed: tuple[Window, ...] = ()
    undecided: tuple["Undecided", ...] = ()
    """Time booked as a minor stop that becomes an unplanned stop if it lasts too long."""

    def fork(self) -> "Book":
        """A book that can be filled without changing this one."""
        cells = {key: replace(cell, amounts=dict(cell.amounts)) for key, cell in self.cells.items()}
        windows = {kind: _copied(window) for kind, window in self.windows.items()}
        closed = tuple(map(_copied, self.closed))
        return replace(self, cells=cells, windows=windows, closed=closed)

    def prune(self) -> None:
        """Forget the cells to which nothing can be added any more."""
        if self.at is None:
            return
        open_from = floor_minute(self.at)
        kept = {piece.key for piece in self.undecided}
        self.cells = {
            key: cell for key, cell in self.cells.items() if key.minute >= open_from or key in kept
        }

    @property
    def batch(self) -> str | None:
        """The open batch."""
        return self.making[-1].batch if self.making else None

    @property
    def product(self) -> str | None:
        """What is being made."""
        return self.making[-1].product if self.making else None


def elapse(book: Book, until: datetime, plan: EquipmentPlan) -> None:
    """Book the time up to `until`: the state lasts, and without a sign of life it is unknown."""
    if book.at is None:
        book.at = book.signal_at = until
    for start, end, category in _stretches(book, until, plan):
        for piece_start, piece_end in minutes(start, end):
            _book_piece(book, (piece_start, piece_end), category, plan)
    book.at = until
    _shift_window(book, plan.calendar.at(floor_minute(until)).shift, until)


def spend(book: Book, until: datetime, category: TimeCategory, plan: EquipmentPlan) -> None:
    """Book the time up to `until` as this category, whatever the state said."""
    if book.at is not None:
        for start, end in minutes(book.at, min(until, book.at + MAX_SILENCE)):
            _book_piece(book, (start, end), category, plan)
        book.at = until


def add(book: Book, at: datetime, amounts: Amounts, plan: EquipmentPlan) -> None:
    """Add counts to the cell of this moment and to the open windows."""
    key, slot_shift = cell_key(book, at, plan)
    _shift_window(book, slot_shift, at)
    cell = book.cells.setdefault(key, Cell(at, at))
    cell.end = max(cell.end, at)
    _increase(cell.amounts, amounts)
    for window in book.windows.values():
        _increase(window.amounts, amounts)


def cell_key(book: Book, at: datetime, plan: EquipmentPlan) -> tuple[CellKey, str | None]:
    """The cell of this moment, and the shift."""
    minute = floor_minute(at)
    slot = plan.calendar.at(minute)
    return CellKey(minute, book.batch, book.product, slot.shift, slot.day), slot.shift


def open_window(book: Book, kind: Literal["shift", "batch"], name: str, at: datetime) -> None:
    """Begin to sum up."""
    book.windows[kind] = Window(kind, name, at, at)


def close_window(book: Book, kind: Literal["shift", "batch"], at: datetime) -> None:
    """The sums are final, but for what comes late."""
    window = book.windows.pop(kind, None)
    if window is not None and (window.amounts or at > window.start):
        window.end = at
        book.closed = (*book.closed, window)[-REMEMBERED:]


def floor_minute(moment: datetime) -> datetime:
    """The minute this moment belongs to."""
    return moment.replace(second=0, microsecond=0)


def minutes(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of an interval that lie in one minute each."""
    while start < end:
        stop = min(floor_minute(start) + MINUTE, end)
        yield start, stop
        start = stop


def _stretches(
    book: Book, until: datetime, plan: EquipmentPlan
) -> Iterator[tuple[datetime, datetime, TimeCategory]]:
    start = book.at
    if start is None or until <= start:
        return
    until = min(until, start + MAX_SILENCE)
    if plan.unknown_after is not None and book.signal_at is not None:
        trusted_until = max(start, book.signal_at + plan.unknown_after)
        if trusted_until < until:
            if start < trusted_until:
                yield start, trusted_until, book.category
            yield trusted_until, until, TimeCategory.UNKNOWN
            return
    yield start, until, book.category


def _book_piece(
    book: Book, piece: tuple[datetime, datetime], category: TimeCategory, plan: EquipmentPlan
) -> None:
    start, end = piece
    key, shift = cell_key(book, start, plan)
    _shift_window(book, shift, start)
    planned = plan.is_planned(shift, book.batch)
    limit = _minor_stop_limit(book, category, planned, plan)
    if limit is not None and start < limit < end:
        _book_piece(book, (start, limit), category, plan)
        _book_piece(book, (limit, end), category, plan)
        return
    milliseconds = (end - start) // MILLISECOND
    if limit is not None and end <= limit:
        effective = TimeCategory.MINOR_STOP
        book.undecided = (*book.undecided, Undecided(key, start, milliseconds))
    else:
        effective = category if planned else _outside(category)
        if limit is not None:
            _decide_unplanned(book, plan)
    amounts = plan.time_amounts(effective, milliseconds, book.product, key.day)
    cell = book.cells.setdefault(key, Cell(start, end))
    cell.end = max(cell.end, end)
    _increase(cell.amounts, amounts)
    for window in book.windows.values():
        _increase(window.amounts, amounts)
        window.end = end
    book.at = end


def _minor_stop_limit(
    book: Book, category: TimeCategory, planned: bool, plan: EquipmentPlan
) -> datetime | None:
    """Until when a stop may turn out to be a minor one; None where that is no question."""
    if category is not TimeCategory.UNPLANNED_STOP or not planned or not plan.minor_stop:
        return None
    return None if book.category_since is None else book.category_since + plan.minor_stop


def settle_stop(book: Book, at: datetime, plan: EquipmentPlan) -> None:
    """A state ends: a stop that was shorter than the threshold stays a minor one."""
    since = book.category_since
    if book.undecided and since is not None and at - since >= plan.minor_stop:
        _decide_unplanned(book, plan)
    book.undecided = ()


def _decide_unplanned(book: Book, plan: EquipmentPlan) -> None:
    """The stop has lasted too long: all of it was an unplanned stop."""
    for piece in book.undecided:
        product, day = piece.key.product, piece.key.day
        minor = plan.time_amounts(TimeCategory.MINOR_STOP, piece.milliseconds, product, day)
        stop = plan.time_amounts(TimeCategory.UNPLANNED_STOP, piece.milliseconds, product, day)
        change = {name: stop.get(name, 0) - minor.get(name, 0) for name in minor | stop}
        _increase(book.cells[piece.key].amounts, change)
        for window in book.windows.values():
            if window.start <= piece.start:
                _increase(window.amounts, change)
        for window in book.closed:
            if window.start <= piece.start < window.end:
                _increase(window.amounts, change)
    book.undecided = ()


def _outside(category: TimeCategory) -> TimeCategory:
    if category is TimeCategory.RUNNING:
        return TimeCategory.UNPLANNED_RUNNING
    return TimeCategory.NOT_SCHEDULED


def _shift_window(book: Book, shift: str | None, at: datetime) -> None:
    current = book.windows.get("shift")
    if (current.name if current else None) == shift:
        return
    close_window(book, "shift", at)
    if shift is not None:
        open_window(book, "shift", shift, at)


def _increase(amounts: Amounts, by: Amounts) -> None:
    for name, amount in by.items():
        amounts[name] = amounts.get(name, 0) + amount


def _copied(window: Window) -> Window:
    return replace(window, amounts=dict(window.amounts))
