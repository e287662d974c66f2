"""Shifts, batches and the rolling hour: sums that are open, and sums that were closed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from processors.oee.amounts import Amounts, increase, total
from processors.oee.book import (
    MINUTE,
    REMEMBERED_FOR,
    Book,
    Cell,
    CellKey,
    Kind,
    Minute,
    Window,
    copied,
)
from processors.oee.shelf import Shelf
from schemas.kpi import Quantities
from schemas.record import EventId

HOUR_MS = 3_600_000
HOUR_DEFINED_MS = 900_000
"""The rolling hour says nothing before it holds so much planned time."""
_BUSY = tuple(
    f"{name}_ms"
    for name in ("running", "minor_stop", "setup", "unplanned_stop", "delay", "unknown")
)
_PARTS = ("good", "scrap", "rework")
_COUNTS = frozenset(Quantities.model_fields)
"""What may be below 0: people find fewer parts than were counted."""


def turn_shift(book: Book, shift: str | None, at: datetime) -> None:
    """Close the shift that is over, and open the one that begins."""
    current = book.windows.get("shift")
    if (current.name if current else None) == shift:
        return
    close_window(book, "shift", at)
    if shift is not None:
        open_window(book, "shift", shift, at)


def open_window(book: Book, kind: Kind, name: str, at: datetime) -> None:
    """Begin to sum up."""
    book.windows[kind] = Window(kind, name, at, at, {}, owner=book.mark)


def close_window(book: Book, kind: Kind, at: datetime) -> None:
    """The sums are final, but for what comes late."""
    window = book.window(kind)
    if window is None:
        return
    del book.windows[kind]
    if window.amounts or at > window.start:
        window.end = at
        kept = book.closed.since(lambda one: one.end > at - REMEMBERED_FOR)
        book.closed = kept.and_then(window)


def enter(
    book: Book, key: CellKey, amounts: Mapping[str, int], span: tuple[datetime, datetime]
) -> None:
    """Add to the cell of this name, and to all windows that are open."""
    start, end = span
    cell = book.cell(key, start)
    increase(cell.amounts, amounts)
    cell.end = max(cell.end, end)
    for kind, known in book.windows.items():
        window = known if known.owner is book.mark else book.own(kind, known)
        increase(window.amounts, amounts)
        window.end = max(window.end, end)


def restate_windows(
    book: Book, key: CellKey, at: datetime, amounts: Mapping[str, int], cause: EventId | None
) -> None:
    """Add to the shift and the batch that this moment lies in, be they open or closed."""
    names: tuple[tuple[Kind, str | None], ...] = (("shift", key.shift), ("batch", key.batch))
    for kind, name in names:
        window = book.windows.get(kind)
        if window is not None and window.name == name and (kind == "shift" or window.start <= at):
            increase((book.window(kind) or window).amounts, amounts)
        elif name is not None:
            _revise(book, (kind, name), at, amounts, cause)


def _revise(
    book: Book,
    named: tuple[Kind, str],
    at: datetime,
    amounts: Mapping[str, int],
    cause: EventId | None,
) -> None:
    for window in reversed(book.closed):
        if (window.kind, window.name) == named and (named[0] == "shift" or window.start <= at):
            restated = copied(window, None)
            increase(restated.amounts, amounts)
            if cause is not None and cause != window.cause:
                restated.revision, restated.cause = window.revision + 1, cause
                superseded = (*book.news.superseded, window)
                book.news = book.news._replace(superseded=superseded)
            book.closed = book.closed.instead(window, restated)
            return


def close_cells(book: Book, before: datetime) -> None:
    """Let go of the cells of minutes before this one; the rolling hour keeps their sums."""
    done = {key: book.cells.pop(key) for key in _cells_before(book, before)}
    for one in reversed([*_planned_minutes(done)]):
        book.hour = book.hour.and_then(one)
    if done:
        _forget_minutes(book)


def without_closed(book: Book, before: datetime | None, waiting: Collection[EventId]) -> Book:
    """The book without cells of minutes before this one, and without late cells of other events."""
    kept = book.late and {name: cell for name, cell in book.late.items() if name[1] in waiting}
    has_closed = before is not None and bool(_cells_before(book, before))
    if not has_closed and len(kept) == len(book.late):
        return book
    book = book.fork()
    book.late = kept
    if before is not None:
        close_cells(book, before)
    return book


def _cells_before(book: Book, minute: datetime) -> list[CellKey]:
    return [key for key in book.cells if key.minute < minute]


def restate_hour(book: Book, minute: datetime, amounts: Mapping[str, int]) -> None:
    """Add to a minute of the rolling hour, also to one that had no planned time before."""
    for key, known in book.cells.items():
        if key.minute == minute:
            cell = book.cell(key, known.start)
            cell.restated = total((cell.restated, amounts))
            return
    for one in reversed(book.hour):
        if one.minute < minute:
            break
        if one.minute == minute:
            book.hour = book.hour.instead(one, _restated(minute, total([one.amounts, amounts])))
            return
    if in_planned_time(amounts) and _reaches_back(book.hour, minute):
        new = _restated(minute, amounts)
        book.hour = book.hour.sorted_in(new, lambda one: one.minute < minute)
        _forget_minutes(book)


def _restated(minute: datetime, sums: Mapping[str, int]) -> Minute:
    """A minute of which planned time is known, and perhaps not the rest: none of it is below 0."""
    known = {
        name: amount for name, amount in sums.items() if amount > 0 or (amount and name in _COUNTS)
    }
    return Minute(minute, busy_ms(known), known)


def _reaches_back(hour: Shelf[Minute], minute: datetime) -> bool:
    """Whether no minutes of this time were let go of."""
    if not hour.chunks:
        return True
    first = hour.chunks[0]
    return first.number == 0 or first.glance()[0].minute < minute


def rolling_hour(book: Book) -> Window | None:
    """The newest 60 minutes of planned time; None while there are too few of them."""
    found: list[Amounts] = []
    first = last = None
    left = HOUR_MS
    for some in _newest_minutes(book):
        if left <= 0:
            break
        left -= some.busy_ms
        found.append(some.amounts)
        first, last = some.first or first, last or some.last
    if first is None or last is None or HOUR_MS - left < HOUR_DEFINED_MS:
        return None
    return Window("shift", "rolling", first, last + MINUTE, total(found))


class _Minutes(NamedTuple):
    """Some minutes together, and the first and the last that is in planned time."""

    first: datetime | None
    last: datetime | None
    busy_ms: int
    amounts: Amounts


def _newest_minutes(book: Book) -> Iterator[_Minutes]:
    """The minutes of the rolling hour, the newest first; together what is whole in it."""
    left = HOUR_MS
    for one in _planned_minutes(book.cells):
        left -= one.busy_ms
        yield _together((one,))
    for chunk in reversed(book.hour.chunks):
        some = chunk.summary(_together)
        whole = some.busy_ms < left
        left -= some.busy_ms
        yield from (some,) if whole else (_together((one,)) for one in reversed(chunk.glance()))


def _together(minutes: Sequence[Minute]) -> _Minutes:
    """Their sums; the newest is the last. A later reason may have left nothing of some."""
    planned = [one for one in minutes if one.busy_ms or in_planned_time(one.amounts)]
    busy, amounts = sum(one.busy_ms for one in planned), total(one.amounts for one in planned)
    first, last = (planned[0].minute, planned[-1].minute) if planned else (None, None)
    return _Minutes(first, last, busy, amounts)


def _planned_minutes(cells: Mapping[CellKey, Cell]) -> Iterator[Minute]:
    """What the cells of each minute came to in planned time, the newest first."""
    parts: dict[datetime, list[Mapping[str, int]]] = {}
    for key, cell in cells.items():
        parts.setdefault(key.minute, []).extend((cell.amounts, cell.restated))
    for minute in sorted(parts, reverse=True):
        amounts = in_planned_time(total(parts[minute]))
        if amounts:
            yield Minute(minute, busy_ms(amounts), amounts)


def in_planned_time(amounts: Mapping[str, int]) -> Amounts:
    """The amounts, if they hold planned busy time or parts that were made in planned time."""
    counts = busy_ms(amounts) or any(amounts.get(name) for name in _PARTS)
    return {name: amount for name, amount in amounts.items() if amount} if counts else {}


def busy_ms(amounts: Mapping[str, int]) -> int:
    """Planned busy time, with unknown time that is left out of it."""
    return sum([amounts.get(name, 0) for name in _BUSY])


def _forget_minutes(book: Book) -> None:
    newest = 0
    for chunk in reversed(book.hour.chunks):
        newest += chunk.summary(_together).busy_ms
        if newest >= HOUR_MS:
            book.hour = book.hour.beginning_with(chunk)
            return
