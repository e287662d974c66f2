"""What each event does to the book, in the order of source time."""

from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from processors.oee.book import (
    MILLISECOND,
    REMEMBERED,
    Book,
    Making,
    add,
    close_window,
    elapse,
    floor_minute,
    open_window,
    settle_stop,
    spend,
)
from processors.oee.plan import EquipmentPlan
from schemas.machine import (
    BatchEnded,
    BatchStarted,
    CounterReset,
    Gap,
    Heartbeat,
    MachineEvent,
    MachineRecord,
    PartsCounted,
    ProductChanged,
    StateChanged,
    TimeCategory,
)

_RANK: dict[type, int] = {
    Gap: 0,
    BatchStarted: 1,
    ProductChanged: 2,
    StateChanged: 3,
    CounterReset: 4,
    PartsCounted: 5,
    BatchEnded: 6,
    Heartbeat: 7,
}
"""At equal source time: what is made and the state first, then counts, then the batch's end."""


def concerns(event: MachineRecord) -> TypeGuard[MachineEvent]:
    """Whether it can move OEE; alarms and what people say cannot, not even as signs of life."""
    return type(event) in _RANK


def moment_of(event: MachineEvent) -> datetime:
    """The source time in whole milliseconds, which is what the books are kept in."""
    return whole_ms(event.source_time)


def whole_ms(moment: datetime) -> datetime:
    """The moment without its microseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def order_of(event: MachineEvent) -> tuple[datetime, int]:
    """Where the event belongs among others of its equipment."""
    return moment_of(event), _RANK[type(event)]


def apply(book: Book, event: MachineEvent, plan: EquipmentPlan) -> None:
    """Fill the book up to this event, and with what it says.

    An event from before the book's end speaks of what lies ahead only; its counts are booked
    apart (see `is_late`).
    """
    at = moment_of(event)
    if isinstance(event, Gap):
        _miss(book, event, plan)
    if book.at is None or at > book.at:
        elapse(book, at, plan)
    if book.signal_at is None or at > book.signal_at:
        book.signal_at = at
    _say(book, event, max(at, book.at or at), plan)


def is_late(book: Book, event: MachineEvent) -> bool:
    """Whether its counts belong to a cell that is closed."""
    return book.at is not None and moment_of(event) < floor_minute(book.at)


def _say(book: Book, event: MachineEvent, at: datetime, plan: EquipmentPlan) -> None:
    match event:
        case StateChanged(category=category):
            if book.state_at is None or moment_of(event) >= book.state_at:
                _change_state(book, category, at, plan)
                book.state_at = moment_of(event)
        case PartsCounted():
            add_counts(book, event, at, plan)
        case BatchStarted(batch=batch) if batch != book.batch and _is_news(book, event):
            close_window(book, "batch", at)
            _make(book, at, batch, book.product)
            open_window(book, "batch", batch, at)
        case BatchEnded(batch=batch) if batch == book.batch:
            close_window(book, "batch", at)
            _make(book, at, None, book.product)
        case ProductChanged(product=product) if _is_news(book, event):
            _make(book, at, book.batch, product)
        case _:
            pass


def _is_news(book: Book, event: MachineEvent) -> bool:
    """Whether nothing newer is known of what is being made."""
    return not book.making or moment_of(event) >= book.making[-1].since


def add_counts(book: Book, event: PartsCounted, at: datetime, plan: EquipmentPlan) -> None:
    """Book the parts where they were counted."""
    slot = plan.calendar.at(floor_minute(at))
    planned = plan.is_planned(slot.shift, book.batch)
    amounts = plan.count_amounts(event, book.product, slot.day, planned=planned)
    add(book, at, amounts, plan)


def _change_state(book: Book, category: TimeCategory, at: datetime, plan: EquipmentPlan) -> None:
    if category is not book.category:
        settle_stop(book, at, plan)
        book.category_since = at
    book.category = category


def _make(book: Book, at: datetime, batch: str | None, product: str | None) -> None:
    if (batch, product) != (book.batch, book.product):
        book.making = (*book.making, Making(at, batch, product))[-REMEMBERED:]


def _miss(book: Book, gap: Gap, plan: EquipmentPlan) -> None:
    """What nobody saw is unknown, from where the book ends."""
    start = whole_ms(gap.start)
    if book.at is not None and start > book.at:
        elapse(book, start, plan)
    at = moment_of(gap)
    if book.at is not None and at - book.at >= MILLISECOND:
        spend(book, at, TimeCategory.UNKNOWN, plan)


def made_at(book: Book, at: datetime) -> Making:
    """What was made at this moment, as far as the book remembers."""
    earlier = [one for one in book.making if one.since <= at]
    return earlier[-1] if earlier else Making(at, None, None)


def as_made(book: Book, making: Making) -> Book:
    """A book in which this is being made, to name a late fact's cell by."""
    return replace(book, making=(making,))
