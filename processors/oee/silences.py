"""Time in which nothing was said, and what it was if a late count says that somebody was there."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from processors.oee.amounts import difference
from processors.oee.book import MILLISECOND, REMEMBERED_FOR, Book, Silence, made_at
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import Change, changes_of, key_at, minutes, restate, spent
from processors.oee.stops import STOPPED, Judged, Span, StopLog
from schemas.machine import TimeCategory
from schemas.record import EventId

_RUNNING = Judged(TimeCategory.RUNNING, None)
UNSEEN = Judged(TimeCategory.UNKNOWN, None)
Part = tuple[datetime, datetime]


def fall_silent(book: Book, piece: Part) -> None:
    """Remember that it was running when it was last heard of."""
    start, end = piece
    last = book.silences.last
    if last is not None and last.end == start:
        book.silences = book.silences.instead(last, Silence(last.start, end))
    else:
        kept = book.silences.since(lambda one: one.end > start - REMEMBERED_FOR)
        book.silences = kept.and_then(Silence(start, end))


def hear(book: Book, at: datetime, cause: EventId, plan: EquipmentPlan) -> None:
    """What followed this moment was not silent: it was what the device had said before."""
    if plan.unknown_after is None:
        return
    heard = at, at + plan.unknown_after
    for silence in list(book.silences):
        if silence.start < heard[1] and heard[0] < silence.end:
            _hear_run(book, silence, heard, cause, plan)
    for stop in [*([book.stop] if book.stop else []), *book.stops]:
        until = stop.end or book.at
        if until is not None and any(one.instead is not None for one in stop.spans):
            _hear_stop(book, (stop, until), heard, cause, plan)


def _hear_run(
    book: Book, silence: Silence, heard: Part, cause: EventId, plan: EquipmentPlan
) -> None:
    start, end = max(silence.start, heard[0]), min(silence.end, heard[1])
    made = made_at(book, start)
    if made is not None and not _is_traced(book, start):
        changes = []
        for part, part_end in minutes(start, end):
            key, slot = key_at(part, made.batch, made.product, plan)
            planned, ms = plan.is_planned(slot, made.batch), (part_end - part) // MILLISECOND
            was, now = (
                spent(one, ms, key, slot, plan, planned=planned) for one in (UNSEEN, _RUNNING)
            )
            changes.append(Change(part, part_end, key, difference(now, was)))
        restate(book, [one for one in changes if one.amounts], cause)
    before, behind = Silence(silence.start, start), Silence(end, silence.end)
    left = [one for one in (before, behind) if one.start < one.end]
    book.silences = book.silences.instead(silence, left[0] if left else None)
    for one in left[1:]:
        book.silences = book.silences.and_then(one)


def _is_traced(book: Book, at: datetime) -> bool:
    """Whether a stop knows of this moment itself."""
    if book.stop is not None and book.stop.start <= at:
        return True
    return any(one.start <= at and one.end is not None and at < one.end for one in book.stops)


def _hear_stop(
    book: Book,
    lasted: tuple[StopLog, datetime],
    heard: Part,
    cause: EventId,
    plan: EquipmentPlan,
) -> None:
    stop, until = lasted
    split = replace(stop, spans=tuple(_split(stop, until, heard)))
    spans = tuple(_known(one) if _is_heard(one, heard) else one for one in split.spans)
    if spans == split.spans:
        return
    known = replace(stop, spans=spans)
    after = replace(known, planned_at=_planned_at(known, until, plan))
    if stop is book.stop:
        book.stop = after
    else:
        book.stops = book.stops.instead(stop, after)
    restate(book, list(changes_of(split, after, until, plan)), cause)


def _split(stop: StopLog, until: datetime, heard: Part) -> Iterator[Span]:
    for span, start, end in stop.parts(until):
        inside = [edge for edge in heard if start < edge < end and span.instead is not None]
        for part, _ in pairwise([start, *inside, end]):
            yield span._replace(start=part)


def _is_heard(span: Span, heard: Part) -> bool:
    return span.instead is not None and heard[0] <= span.start < heard[1]


def _known(span: Span) -> Span:
    category, reason = span.instead or UNSEEN
    return span._replace(category=category, reason=reason, instead=None)


def _planned_at(stop: StopLog, until: datetime, plan: EquipmentPlan) -> datetime | None:
    for span, start, end in stop.parts(until):
        if span.category in STOPPED:
            for part, _ in minutes(start, end):
                _, slot = key_at(part, span.batch, span.product, plan)
                if plan.is_planned(slot, span.batch):
                    return part
    return None
