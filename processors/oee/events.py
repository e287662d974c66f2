"""What each event does to the book, in the order of source time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TypeGuard

from processors.oee.book import MILLISECOND, Book, Making, floor_minute, whole_ms
from processors.oee.booking import absorb_run, begin_stop, decide, elapse, finish_stop, miss
from processors.oee.findings import tell
from processors.oee.parts import count, count_late, report
from processors.oee.plan import EquipmentPlan
from processors.oee.reasons import claim_ahead, give, recall
from processors.oee.stops import STOPPED
from processors.oee.windows import close_window, open_window, turn_shift
from schemas.machine import (
    BatchEnded,
    BatchStarted,
    CounterReset,
    CycleCompleted,
    Gap,
    Heartbeat,
    MachineRecord,
    PartsCounted,
    PhaseChanged,
    ProductChanged,
    StateChanged,
    TimeCategory,
)
from schemas.manual import (
    AndonCleared,
    AndonRaised,
    MaintenanceEnded,
    MaintenanceStarted,
    ManualRecord,
    PartsReported,
    StopReasonGiven,
)

_RANK: dict[type, int] = {
    Gap: 0,
    BatchStarted: 1,
    ProductChanged: 2,
    PhaseChanged: 3,
    MaintenanceEnded: 4,
    MaintenanceStarted: 5,
    StateChanged: 6,
    CounterReset: 7,
    CycleCompleted: 8,
    PartsCounted: 9,
    PartsReported: 10,
    BatchEnded: 11,
    StopReasonGiven: 12,
    Heartbeat: 13,
}
"""At equal source time: what is made and the state first, then counts, then the batch's end."""
_SPEAKS_AHEAD = (
    StateChanged,
    BatchStarted,
    BatchEnded,
    ProductChanged,
    MaintenanceStarted,
    MaintenanceEnded,
)
"""What holds from its moment on; when it comes too late it holds from the book's end on."""

_SAID = frozenset(kind for kind in _RANK if issubclass(kind, ManualRecord))
_SAYS_NOTHING = frozenset({Gap, PhaseChanged, CounterReset, CycleCompleted, Heartbeat})
"""Signs of life that change nothing but the time up to which the book is filled."""

Order = tuple[datetime, int, str, str, int]


def concerns(event: MachineRecord) -> bool:
    """Whether it goes into the book; alarms and calls for help do not."""
    return type(event) in _RANK


def is_call(event: MachineRecord) -> TypeGuard[AndonRaised | AndonCleared]:
    """Whether somebody calls for help, or says that it is over."""
    return isinstance(event, AndonRaised | AndonCleared)


def is_said(event: MachineRecord) -> bool:
    """Whether a person said it: it is no sign of life of the equipment."""
    return type(event) in _SAID


def moment_of(event: MachineRecord) -> datetime:
    """The source time in whole milliseconds, which is what the books are kept in."""
    moment = event.source_time
    return whole_ms(moment) if moment.microsecond else moment


def order_of(event: MachineRecord) -> Order:
    """Where the event belongs among others of its equipment."""
    named = event.id
    return moment_of(event), _RANK[type(event)], named.source, named.epoch, named.seq


def in_order(
    queue: Iterable[tuple[Order, MachineRecord]],
) -> tuple[tuple[Order, MachineRecord], ...]:
    """The events in the order in which the book takes them.

    What people said within a gap comes after it: they saw nothing of what the gap is about.
    """
    entries = list(queue)
    gaps = [event for _, event in entries if isinstance(event, Gap)]
    if gaps:
        entries = [(_behind(gaps, event, order), event) for order, event in entries]
    return tuple(sorted(entries, key=itemgetter(0)))


def _behind(gaps: Sequence[Gap], event: MachineRecord, order: Order) -> Order:
    if is_said(event):
        for gap in gaps:
            if whole_ms(gap.start) < order[0] < moment_of(gap):
                return moment_of(gap), *order[1:]
    return order


def apply(book: Book, event: MachineRecord, plan: EquipmentPlan) -> None:
    """Fill the book up to this event, and with what it says."""
    at, by_person = moment_of(event), is_said(event)
    if by_person and book.at is not None and at < book.at:
        _say(book, event, book.at if isinstance(event, _SPEAKS_AHEAD) else at, plan)
        return
    if type(event) is Gap:
        _miss(book, event, plan)
    if by_person and book.at is None:
        # Nothing is known of the equipment's time before it says something itself.
        turn_shift(book, plan.calendar.at(floor_minute(at)).shift, at)
        _say(book, event, at, plan)
        return
    if book.at is None or at > book.at:
        elapse(book, at, plan)
    if not by_person and (book.signal_at is None or at > book.signal_at):
        book.signal_at = at
    _take(book, event, at, plan)
    if book.waiting or book.ahead:
        recall(book, plan)


def _take(book: Book, event: MachineRecord, at: datetime, plan: EquipmentPlan) -> None:
    if isinstance(event, PartsCounted):
        count(book, event, at, plan)
    elif type(event) not in _SAYS_NOTHING:
        _say(book, event, at, plan)


def apply_late(book: Book, event: MachineRecord, plan: EquipmentPlan) -> None:
    """Take what happened before the book's end.

    Parts and reasons go to where they belong. A state, a batch, a product or maintenance holds
    from the book's end on, unless something newer is known; a gap or a sign of life of then says
    nothing any more.
    """
    match event:
        case PartsCounted():
            count_late(book, event, moment_of(event), plan)
        case PartsReported() | StopReasonGiven():
            _say(book, event, moment_of(event), plan)
        case _ if isinstance(event, _SPEAKS_AHEAD) and book.at is not None:
            _tell_late(book, event, book.at)
            _say(book, event, book.at, plan)
    recall(book, plan)


def _tell_late(book: Book, event: MachineRecord, at: datetime) -> None:
    moment = moment_of(event)
    hour = f"{type(event).__name__}|{moment:%Y-%m-%dT%H}"
    text = (
        f"{type(event).__name__} came when the time up to {at:%H:%M:%S} UTC was booked already; "
        "what lies before is not changed by it: see what holds the source up"
    )
    tell(book, "too_late", (moment, at), text, event.id, once=hour)


def _say(book: Book, event: MachineRecord, at: datetime, plan: EquipmentPlan) -> None:
    match event:
        case StateChanged():
            if book.state_at is None or moment_of(event) >= book.state_at:
                _change_state(book, event, at, plan)
                book.state_at = moment_of(event)
        case MaintenanceStarted() | MaintenanceEnded():
            book.maintenance = event.planned if isinstance(event, MaintenanceStarted) else None
        case PartsReported():
            report(book, event, at, plan)
        case StopReasonGiven():
            give(book, event, at, plan)
        case _:
            _change_making(book, event, at)


def _change_making(book: Book, event: MachineRecord, at: datetime) -> None:
    match event:
        case BatchStarted(batch=batch) if batch != book.batch and _is_news(book, event):
            book.changeover = book.changeover or book.batch is not None
            close_window(book, "batch", at)
            _make(book, Making(at, batch, book.product))
            open_window(book, "batch", batch, at)
        case BatchEnded(batch=batch) if batch == book.batch:
            close_window(book, "batch", at)
            _make(book, Making(at, None, book.product, ended=True))
            book.changeover = True
        case ProductChanged(product=product) if product != book.product and _is_news(book, event):
            book.changeover = book.changeover or book.product is not None
            _make(book, Making(at, book.batch, product))
        case _:
            pass


def _is_news(book: Book, event: MachineRecord) -> bool:
    """Whether nothing newer is known of what is being made."""
    last = book.made.last
    return last is None or moment_of(event) >= last.since


def _change_state(book: Book, event: StateChanged, at: datetime, plan: EquipmentPlan) -> None:
    was, now = book.category, event.category
    book.category, book.state, book.reason = now, event.state, event.reason
    decide(book, at, plan)
    if now is was:
        return
    if book.run_since is not None and now in STOPPED:
        absorb_run(book, at, plan)
        if book.stop is not None and book.stop.raw is not now:
            claim_ahead(book, plan)
            finish_stop(book)
    elif book.stop is not None:
        if now is TimeCategory.RUNNING and plan.min_run:
            book.run_since = at
        else:
            finish_stop(book)
    if now in STOPPED and book.stop is None:
        begin_stop(book, at, plan)
    if book.ahead and now in STOPPED:
        claim_ahead(book, plan)


def _make(book: Book, making: Making) -> None:
    book.made = book.made.and_then(making)


def _miss(book: Book, gap: Gap, plan: EquipmentPlan) -> None:
    """What nobody saw is unknown, from where the book ends."""
    start = whole_ms(gap.start)
    if book.at is not None and start > book.at:
        elapse(book, start, plan)
    at = moment_of(gap)
    if book.at is not None and at - book.at >= MILLISECOND:
        miss(book, at, plan)
