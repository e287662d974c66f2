"""Amounts that change after they were booked: late facts, later reasons, stops seen whole."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from processors.calendar import Slot
from processors.oee.amounts import MS_OF, Amounts, difference, increase, reason_name
from processors.oee.book import MILLISECOND, MINUTE, Book, Cell, CellKey, Place, floor_minute
from processors.oee.plan import EquipmentPlan
from processors.oee.stops import Judged, Span, StopLog
from processors.oee.windows import restate_hour, restate_windows
from schemas.machine import TimeCategory
from schemas.record import EventId


class Change(NamedTuple):
    """What has to be added, and where."""

    at: datetime
    until: datetime
    key: CellKey
    amounts: Amounts


def restate(book: Book, changes: Iterable[Change], cause: EventId | None) -> None:
    """Add these amounts where they belong.

    What is closed already gets a cell of its own, which is named by the event that is the cause.
    """
    for change in changes:
        key, open_from = change.key, book.open_from
        if cause is not None and (open_from is None or key.minute < open_from):
            cell = book.late.get((key, cause))
            start = change.at if cell is None else min(cell.start, change.at)
            end = change.until if cell is None else max(cell.end, change.until)
            amounts = {} if cell is None else cell.amounts.copy()
            increase(amounts, change.amounts)
            book.late[key, cause] = Cell(start, end, amounts)
            restate_hour(book, key.minute, change.amounts)
        else:
            cell = book.cell(key, change.at)
            cell.end = max(cell.end, change.until)
            increase(cell.amounts, change.amounts)
        restate_windows(book, key, change.at, change.amounts, cause)


def changes_of(
    before: StopLog, after: StopLog, until: datetime, plan: EquipmentPlan
) -> Iterator[Change]:
    """What changes when a stop, booked until here, is judged anew, span by span."""
    pairs = zip(before.parts(until), after.parts(until), strict=True)
    for (old, start, end), (new, _, _) in pairs:
        edges = sorted({start, end, *before.cuts(start, end), *after.cuts(start, end)})
        for part, part_end in pairwise(edges):
            was, now = before.judged(old, part), after.judged(new, part)
            if was != now:
                yield from _moved((was, now), new, (part, part_end), plan)
    was_counted, counts = before.counted_as, after.counted_as
    if was_counted != counts:
        span = after.spans[0]
        key, _ = key_at(before.start, span.batch, span.product, plan)
        counted = difference({counts: 1} if counts else {}, {was_counted: 1} if was_counted else {})
        yield Change(before.start, before.start, key, counted)


def _moved(
    judged: tuple[Judged, Judged], span: Span, part: tuple[datetime, datetime], plan: EquipmentPlan
) -> Iterator[Change]:
    for start, end in minutes(*part):
        key, slot = key_at(start, span.batch, span.product, plan)
        planned = plan.is_planned(slot, span.batch)
        milliseconds = (end - start) // MILLISECOND
        was, now = (spent(one, milliseconds, key, slot, plan, planned=planned) for one in judged)
        if amounts := difference(now, was):
            yield Change(start, end, key, amounts)


def spent(
    judged: Judged,
    milliseconds: int,
    key: CellKey,
    slot: Slot,
    plan: EquipmentPlan,
    *,
    planned: bool,
) -> Amounts:
    """Time in this cell, as amounts."""
    if not planned:
        category = outside(judged.category, slot, key.batch, plan)
        return {MS_OF[category]: milliseconds}
    amounts = plan.time_amounts(judged.category, milliseconds, key.product, key.day)
    if judged.reason is not None:
        amounts[reason_name(judged.category, judged.reason)] = milliseconds
    return amounts


def outside(
    category: TimeCategory, slot: Slot, batch: str | None, plan: EquipmentPlan
) -> TimeCategory:
    """What a moment counts as that was not planned for production."""
    if category is TimeCategory.RUNNING:
        return TimeCategory.UNPLANNED_RUNNING
    if slot.shift is not None and slot.stop is not None and plan.is_open(batch):
        return TimeCategory.PLANNED_STOP
    return TimeCategory.NOT_SCHEDULED


def key_at(
    at: datetime, batch: str | None, product: str | None, plan: EquipmentPlan
) -> tuple[CellKey, Slot]:
    """The cell of this moment while this was made, and what the calendar says of it."""
    minute = floor_minute(at)
    slot = plan.calendar.at(minute)
    return CellKey(minute, batch, product, slot.shift, slot.day), slot


def place_at(book: Book, at: datetime, plan: EquipmentPlan) -> Place:
    """The minute of this moment, while what is being made now was made."""
    made, place = book.made.last, book.place
    if (
        place is not None
        and place.made is made
        and place.plan is plan
        and place.start <= at < place.end
    ):
        return place
    batch, product = (made.batch, made.product) if made else (None, None)
    key, slot = key_at(at, batch, product, plan)
    planned = plan.is_planned(slot, batch)
    place = book.place = Place(key.minute, key.minute + MINUTE, plan, made, key, slot, planned)
    return place


def minutes(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The parts of an interval that lie in one minute each."""
    while start < end:
        stop = min(floor_minute(start) + MINUTE, end)
        yield start, stop
        start = stop
