"""Time goes into the book: piece by piece, each in one minute and in one category."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise

from processors.calendar import Slot
from processors.oee.amounts import Amounts, increase
from processors.oee.book import MILLISECOND, Book, CellKey, Making, Partless, Place, Startup
from processors.oee.circumstances import judged_now
from processors.oee.findings import tell
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import changes_of, place_at, restate, spent
from processors.oee.silences import UNSEEN, fall_silent
from processors.oee.stops import STOPPED, Judged, Span, StopLog
from processors.oee.windows import enter, turn_shift
from schemas.machine import TimeCategory

MAX_SILENCE = timedelta(days=32)
"""Time without an event is booked up to this long; then the book goes on at the next event."""
MAX_SPANS = 100
"""A stop of more different parts is told as two."""


class Sight(Enum):
    """Whether somebody saw it."""

    SEEN = 1
    SILENT = 2
    """There was no sign of life for too long."""
    MISSED = 3
    """The edge says that it could not see."""


def elapse(book: Book, until: datetime, plan: EquipmentPlan) -> None:
    """Book the time up to `until`: the state lasts, and without a sign of life it is unknown."""
    start = book.at
    if start is None:
        book.at = book.signal_at = until
        book.made = book.made.and_then(Making(until, None, None))
    elif start < until:
        booked_until = min(until, start + MAX_SILENCE)
        seen_until = booked_until
        if plan.unknown_after is not None and book.signal_at is not None:
            trusted_until = max(start, book.signal_at + plan.unknown_after)
            seen_until = min(trusted_until, booked_until)
        _book(book, seen_until, plan, Sight.SEEN)
        if seen_until < booked_until:
            _book(book, booked_until, plan, Sight.SILENT)
        book.at = until
        decide(book, until, plan)
    turn_shift(book, place_at(book, until, plan).key.shift, until)


def miss(book: Book, until: datetime, plan: EquipmentPlan) -> None:
    """Book the time up to `until` as unknown, whatever the state said."""
    if book.at is not None and book.at < until:
        _book(book, min(until, book.at + MAX_SILENCE), plan, Sight.MISSED)
        book.at = until
        decide(book, until, plan)


def decide(book: Book, at: datetime, plan: EquipmentPlan) -> None:
    """See whether a stop has become too long for a minor one, or a run for a mere interruption."""
    stop = book.stop
    if stop is None:
        return
    if book.run_since is None:
        if not stop.lasted and at - stop.start >= plan.minor_stop:
            lengthen(book, at, plan)
    elif at - book.run_since >= plan.min_run:
        finish_stop(book)


def lengthen(book: Book, until: datetime, plan: EquipmentPlan) -> None:
    """The stop has lasted too long: it was none of the minor ones from its beginning."""
    stop = book.stop
    if stop is not None:
        book.stop = replace(stop, lasted=True)
        if stop.spans:
            restate(book, list(changes_of(stop, book.stop, until, plan)), None)


def finish_stop(book: Book) -> None:
    """The stop is over, for good."""
    stop, end = book.stop, book.run_since or book.at
    book.stop = book.run_since = None
    if stop is not None and end is not None and stop.spans and stop.start < end:
        spans = tuple(span for span in stop.spans if span.start < end)
        claims = tuple(one for one in stop.claims if one.start is None or one.start < end)
        book.stops = book.stops.and_then(replace(stop, end=end, spans=spans, claims=claims))


def absorb_run(book: Book, at: datetime, plan: EquipmentPlan) -> None:
    """The run after the stop was too short to end it: its time is the stop's."""
    stop, since = book.stop, book.run_since
    if stop is None or since is None:
        return
    stood = [span for span in stop.spans if span.start < since and span.category in STOPPED]
    if stood:
        category, reason = stood[-1].category, stood[-1].reason
        spans = tuple(_absorbed(one, Judged(category, reason)) for one in stop.spans)
        book.stop = replace(stop, spans=spans)
        restate(book, list(changes_of(stop, book.stop, at, plan)), None)
    book.run_since = None
    decide(book, at, plan)


def _absorbed(span: Span, judged: Judged) -> Span:
    if span.category is TimeCategory.RUNNING:
        return span._replace(category=judged.category, reason=judged.reason)
    if span.instead is not None and span.instead.category is TimeCategory.RUNNING:
        return span._replace(instead=judged)
    return span


def begin_stop(book: Book, at: datetime, plan: EquipmentPlan) -> None:
    """The equipment stands still from here."""
    lasted = not plan.minor_stop
    book.stop = StopLog(at, None, book.category, book.state, (), lasted=lasted)


def _book(book: Book, until: datetime, plan: EquipmentPlan, sight: Sight) -> None:
    while book.at is not None and book.at < until:
        start = book.at
        decide(book, start, plan)
        place = place_at(book, start, plan)
        end = min(place.end, until)
        due = _next_decision(book, plan)
        if due is not None and start < due < end:
            end = due
        _book_piece(book, (start, end), place, plan, sight)
        book.at = end


def _next_decision(book: Book, plan: EquipmentPlan) -> datetime | None:
    if book.stop is None:
        return None
    if book.run_since is not None:
        return book.run_since + plan.min_run
    return None if book.stop.lasted else book.stop.start + plan.minor_stop


def _book_piece(
    book: Book,
    piece: tuple[datetime, datetime],
    place: Place,
    plan: EquipmentPlan,
    sight: Sight,
) -> None:
    start, end = piece
    key, slot, planned = place.key, place.slot, place.planned
    turn_shift(book, slot.shift, start)
    was = judged_now(book, slot, plan)
    judged = was if sight is Sight.SEEN else UNSEEN
    instead = was if sight is Sight.SILENT else None
    if instead is not None and instead.category is TimeCategory.RUNNING:
        fall_silent(book, piece)
    milliseconds = (end - start) // MILLISECOND
    if book.stop is None:
        amounts = spent(judged, milliseconds, key, slot, plan, planned=planned)
    else:
        amounts = _stop_amounts(book, piece, (key, slot, judged, instead), plan, planned=planned)
    enter(book, key, amounts, piece)
    _start_up(book, judged, piece, plan, planned=planned)
    if judged.category is TimeCategory.RUNNING:
        _run(book, slot, piece, plan)
        if "no_ideal_ms" in amounts:
            miss_ideal(book, key.product, piece)


def _stop_amounts(
    book: Book,
    piece: tuple[datetime, datetime],
    placed: tuple[CellKey, Slot, Judged, Judged | None],
    plan: EquipmentPlan,
    *,
    planned: bool,
) -> Amounts:
    (start, end), (key, slot, judged, instead) = piece, placed
    stop = _traced(book, start, (key, judged, instead), plan)
    amounts: Amounts = {}
    seen = judged.category in STOPPED
    if planned and seen and stop.planned_at is None:
        stop = book.stop = replace(stop, planned_at=start)
        if stop.counted_as:
            amounts[stop.counted_as] = 1
    edges = (start, *stop.cuts(start, end), end) if stop.claims else (start, end)
    for part, part_end in pairwise(edges):
        found = stop.judged(stop.spans[-1], part)
        milliseconds = (part_end - part) // MILLISECOND
        increase(amounts, spent(found, milliseconds, key, slot, plan, planned=planned))
    return amounts


def _traced(
    book: Book,
    at: datetime,
    placed: tuple[CellKey, Judged, Judged | None],
    plan: EquipmentPlan,
) -> StopLog:
    """The stop, with what this moment of it is."""
    key, judged, instead = placed
    stop = book.stop or StopLog(at, None, book.category, book.state, ())
    span = Span(at, key.batch, key.product, *judged, instead)
    if not stop.spans or stop.spans[-1][1:] != span[1:]:
        if len(stop.spans) >= MAX_SPANS and book.run_since is None:
            finish_stop(book)
            begin_stop(book, at, plan)
            claims = tuple(one for one in stop.claims if one.end and at < one.end)
            stop = replace(book.stop or stop, claims=claims)
        stop = book.stop = replace(stop, spans=(*stop.spans, span))
    return stop


def _start_up(
    book: Book,
    judged: Judged,
    piece: tuple[datetime, datetime],
    plan: EquipmentPlan,
    *,
    planned: bool,
) -> None:
    """Running time after setup, or after time that was not planned, is start-up for a while."""
    if not plan.startup_ms:
        return
    start, end = piece
    if not planned or judged.category is TimeCategory.SETUP:
        book.startup_ms = plan.startup_ms
        book.startup_since = book.startup_since or start
    elif book.startup_ms and judged.category is TimeCategory.RUNNING:
        left = book.startup_ms - (end - start) // MILLISECOND
        if left <= 0 and book.startup_since is not None:
            over = start + book.startup_ms * MILLISECOND
            book.startups = book.startups.and_then(Startup(book.startup_since, over))
            book.startup_since = None
        book.startup_ms = max(left, 0)


def _run(book: Book, slot: Slot, piece: tuple[datetime, datetime], plan: EquipmentPlan) -> None:
    if slot.shift is not None:
        book.ran_in = slot.shift
    limit = plan.frozen_after_ms
    before, since = book.partless
    if limit is None or before >= limit:
        return
    start, end = piece
    since = since or start
    book.partless = Partless(before + (end - start) // MILLISECOND, since)
    if book.partless.ms >= limit:
        until = start + (limit - before) * MILLISECOND
        told = f"it has been running for {limit / 1000:.0f} s without a part being counted"
        text = f"{told}; see whether the counter still counts"
        tell(book, "counter_frozen", (since, until), text)


def miss_ideal(book: Book, product: str | None, span: tuple[datetime, datetime]) -> None:
    """A product without an ideal cycle is told once."""
    if product is not None:
        text = f"product {product} has no ideal cycle here; give it one in the plant file"
        tell(book, "unknown_product", span, text, once=product)
