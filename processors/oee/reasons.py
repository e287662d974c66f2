"""Reasons that people give for stops, while they last or at any time after."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from processors.oee.book import Book, floor_minute, whole_ms
from processors.oee.findings import tell
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import changes_of, minutes, restate
from processors.oee.stops import Claim, StopLog
from schemas.machine import TimeCategory
from schemas.manual import StopReasonGiven

MAX_CLAIMS = 20
"""Reasons of one stop that are remembered."""
MAX_WAITING = 20
MAX_AHEAD = 20
"""Reasons for a span that is not over yet."""


def give(book: Book, event: StopReasonGiven, at: datetime, plan: EquipmentPlan) -> None:
    """Take the reason for the stops of which it speaks, and restate what is booked of them."""
    known = plan.reasons.get(event.reason)
    if known is None:
        text = f"reason {event.reason} is not in the plant file; the time keeps its category"
        tell(book, "unknown_reason", (at, at), text, event.id, once=event.reason)
    claim = _claim_of(event, at, plan)
    if claim.start is not None:
        concerned = _stood(book, claim.start, claim.end, at)
    else:
        concerned = [stop for stop in _all(book) if _holds(book, stop, at)][:1]
    if claim.end is not None and (book.at is None or book.at < claim.end):
        _foresee(book, event, claim, plan)
    elif not concerned and _may_be_stop(book, claim.start or at):
        book.waiting = (*book.waiting, event)[-MAX_WAITING:]
    elif not concerned:
        _tell_idle(book, event)
    for stop in concerned:
        _claim(book, stop, claim, plan)


def claim_ahead(book: Book, plan: EquipmentPlan) -> None:
    """Give the stop that stands now the reasons that were told of its time before."""
    for event in book.ahead:
        stop, claim = book.stop, _claim_of(event, whole_ms(event.source_time), plan)
        if stop is not None and claim.end is not None and stop.start < claim.end:
            _claim(book, stop, claim, plan)


def recall(book: Book, plan: EquipmentPlan) -> None:
    """Look again at reasons that had to wait, once it is known what the run was."""
    if book.ahead and book.run_since is None:
        _forget_ahead(book)
    if book.waiting and book.run_since is None:
        waiting, book.waiting = book.waiting, ()
        for event in waiting:
            give(book, event, whole_ms(event.source_time), plan)


def _claim_of(event: StopReasonGiven, at: datetime, plan: EquipmentPlan) -> Claim:
    known = plan.reasons.get(event.reason)
    category = TimeCategory(known.category) if known and known.category else None
    start, end = (moment and whole_ms(moment) for moment in (event.start, event.end))
    return Claim(at, event.id, start, end, event.reason, category, event.by)


def _tell_idle(book: Book, event: StopReasonGiven) -> None:
    at = whole_ms(event.source_time)
    span = (event.start or at, event.end or at)
    text = f"no stop is known for which the reason {event.reason} of {event.by} was given"
    tell(book, "reason_without_stop", (min(span), max(span)), text, event.id)


def _foresee(book: Book, event: StopReasonGiven, claim: Claim, plan: EquipmentPlan) -> None:
    """Keep a reason for the stops that are still to begin in its span."""
    others = tuple(one for one in book.ahead if one.id != event.id)
    for other in others:
        pair = [_claim_of(other, whole_ms(other.source_time), plan), claim]
        _overlap(book, sorted(pair, key=lambda one: one.order), (claim.said_at, claim.said_at))
    book.ahead = (*others, event)[-MAX_AHEAD:]


def _forget_ahead(book: Book) -> None:
    """Let go of reasons whose span is over; nothing may have stood still in it."""
    over = [one for one in book.ahead if one.end and book.at and one.end <= book.at]
    if over:
        book.ahead = tuple(one for one in book.ahead if one not in over)
    for event in over:
        if event.start and not _stood(book, event.start, event.end, event.source_time):
            _tell_idle(book, event)


def _all(book: Book) -> Iterator[StopLog]:
    if book.stop is not None:
        yield book.stop
    yield from reversed(book.stops)


def _end(book: Book, stop: StopLog) -> datetime | None:
    """When the stop ended; None while it goes on."""
    return book.run_since if stop is book.stop else stop.end


def _holds(book: Book, stop: StopLog, at: datetime) -> bool:
    end = _end(book, stop)
    return stop.start <= at and (end is None or at < end)


def _stood(book: Book, start: datetime, end: datetime | None, at: datetime) -> list[StopLog]:
    """Stops between these moments; without an end those that had begun when it was said."""
    found = []
    for stop in _all(book):
        ended = _end(book, stop)
        begins_in_time = stop.start <= at if end is None else stop.start < end
        if begins_in_time and (ended is None or ended > start):
            found.append(stop)
    return found


def _may_be_stop(book: Book, at: datetime) -> bool:
    return book.run_since is not None and at >= book.run_since


def _claim(book: Book, stop: StopLog, claim: Claim, plan: EquipmentPlan) -> None:
    others = tuple(one for one in stop.claims if one.event != claim.event)
    claims = tuple(sorted((*others, claim), key=lambda one: one.order))
    after = replace(stop, claims=claims[-MAX_CLAIMS:])
    until = stop.end if stop is not book.stop else book.at
    if stop is book.stop:
        book.stop = after
    else:
        book.stops = book.stops.instead(stop, after)
    if until is None:
        return
    if stop.spans:
        restate(book, list(changes_of(stop, after, until, plan)), claim.event)
    for other in others:
        _overlap(book, sorted((other, claim), key=lambda one: one.order), (stop.start, until))
    _overlap_calendar(book, claim, (stop.start, until), plan)


def _overlap(book: Book, pair: list[Claim], stood: tuple[datetime, datetime]) -> None:
    """Two people say different things of the same time."""
    first, later = pair
    start = max(one.start or stood[0] for one in pair)
    end = min(one.end or stood[1] for one in pair)
    if first.reason == later.reason or first.by == later.by or start >= end:
        return
    text = (
        f"{first.by} gave {first.reason} and {later.by} gave {later.reason} for the same time; "
        "what was said later counts"
    )
    tell(book, "overlapping_stops", (start, end), text, later.event)


def _overlap_calendar(
    book: Book, claim: Claim, stood: tuple[datetime, datetime], plan: EquipmentPlan
) -> None:
    """A reason that has a category speaks of time that the calendar plans as a stop."""
    if claim.category is None:
        return
    start = max(stood[0], claim.start or stood[0])
    end = min(stood[1], claim.end or stood[1])
    planned = [
        (part, part_end, slot.stop)
        for part, part_end in minutes(start, end)
        if (slot := plan.calendar.at(floor_minute(part))).shift is not None and slot.stop
    ]
    if planned:
        text = (
            f"{claim.by} gave {claim.reason} for time in which the calendar has a {planned[0][2]}; "
            "that part stays a planned stop"
        )
        tell(book, "overlapping_stops", (planned[0][0], planned[-1][1]), text, claim.event)
