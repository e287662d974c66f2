"""Parts go into the book: those that were counted, and those that people report."""

from datetime import datetime
from typing import NamedTuple

from processors.cycles.sums import is_possible
from processors.oee.amounts import Amounts
from processors.oee.book import HAS_PARTS, Book, Making, made_at
from processors.oee.booking import miss_ideal
from processors.oee.findings import tell
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import Change, key_at, place_at, restate
from processors.oee.silences import hear
from processors.oee.windows import enter, turn_shift
from schemas.machine import PartsCounted
from schemas.manual import PartsReported
from schemas.record import EventId


class Parts(NamedTuple):
    """How many parts of each kind, in the plant's counting unit."""

    good: int
    scrap: int
    rework: int


def counted(event: PartsCounted, plan: EquipmentPlan) -> Parts:
    """The parts of a count: what is produced counts as good until it is found to be bad."""
    good = event.good + event.produced
    if plan.counts_produced:
        good -= event.scrap + event.rework
    return Parts(good, event.scrap, event.rework)


def count(book: Book, event: PartsCounted, at: datetime, plan: EquipmentPlan) -> None:
    """Book the parts where they were counted."""
    place = place_at(book, at, plan)
    key, parts = place.key, counted(event, plan)
    turn_shift(book, key.shift, at)
    ideal, is_startup = plan.ideal_us(key.product, key.day), book.startup_ms > 0
    if not _can_be(book, parts, ideal, (at, event.id)):
        return
    amounts = amounts_of(parts, ideal, planned=place.planned, startup=is_startup)
    enter(book, key, amounts, (at, at))
    if event.good or event.scrap or event.rework or event.produced:
        book.changeover = False
        book.partless = HAS_PARTS
    if "no_ideal_parts" in amounts:
        miss_ideal(book, key.product, (at, at))


def count_late(book: Book, event: PartsCounted, at: datetime, plan: EquipmentPlan) -> None:
    """Book parts in a minute that lies behind the book's end."""
    made = _made(book, event, at)
    key, slot = key_at(at, made.batch, made.product, plan)
    parts, planned = counted(event, plan), plan.is_planned(slot, made.batch)
    ideal = plan.ideal_us(key.product, key.day)
    if _can_be(book, parts, ideal, (at, event.id)):
        amounts = amounts_of(parts, ideal, planned=planned, startup=_was_startup(book, at))
        restate(book, [Change(at, at, key, amounts)], event.id)
    hear(book, at, event.id, plan)


def report(book: Book, event: PartsReported, at: datetime, plan: EquipmentPlan) -> None:
    """Correct what was counted, in the minute of which it is said."""
    made = _made(book, event, at)
    if event.batch is not None and event.batch != made.batch:
        made = _batch(book, event.batch) or Making(at, event.batch, made.product)
    key, slot = key_at(at, made.batch, made.product, plan)
    parts = Parts(event.good, event.scrap, event.rework)
    planned, ideal = plan.is_planned(slot, made.batch), plan.ideal_us(key.product, key.day)
    if _can_be(book, parts, ideal, (at, event.id)):
        amounts = amounts_of(parts, ideal, planned=planned, startup=event.startup)
        restate(book, [Change(at, at, key, amounts)], event.id)


def amounts_of(parts: Parts, ideal_us: int | None, *, planned: bool, startup: bool) -> Amounts:
    """Parts as fields of `Quantities`, with the ideal time that they stand for."""
    good, scrap, rework = parts
    if not planned:
        found = {"unplanned_good": good, "unplanned_scrap": scrap, "unplanned_rework": rework}
        return {name: amount for name, amount in found.items() if amount}
    found = {"good": good, "scrap": scrap, "rework": rework}
    if startup:
        found |= {"startup_scrap": scrap, "startup_rework": rework}
    produced = good + scrap + rework
    if ideal_us is None:
        found["no_ideal_parts"] = produced
    else:
        found |= {"ideal_us": produced * ideal_us, "ideal_good_us": good * ideal_us}
        if startup:
            found["ideal_startup_us"] = (scrap + rework) * ideal_us
    return {name: amount for name, amount in found.items() if amount}


def _can_be(
    book: Book, parts: Parts, ideal_us: int | None, named: tuple[datetime, EventId]
) -> bool:
    """Whether so many can have been made; what cannot be is told once an hour."""
    (at, event), made = named, sum(map(abs, parts))
    if is_possible(made, made * (ideal_us or 0)):
        return True
    text = (
        f"{max(parts, key=abs)} parts at once cannot be: more than ten years of ideal cycles, or "
        "than 10^12; they are left out. See the counter and the product's ideal cycle, and report "
        "what was made"
    )
    tell(book, "impossible_count", (at, at), text, event, once=f"{at:%Y-%m-%dT%H}")
    return False


def _made(book: Book, event: PartsCounted | PartsReported, at: datetime) -> Making:
    found = made_at(book, at)
    if found is None:
        text = "it is older than what is remembered: its batch and product are not known"
        tell(book, "too_late", (at, at), text, event.id)
    return found or Making(at, None, None)


def _batch(book: Book, batch: str) -> Making | None:
    return next((one for one in reversed(book.made) if one.batch == batch), None)


def _was_startup(book: Book, at: datetime) -> bool:
    since = book.startup_since
    if since is not None and since < at:
        return True
    return any(one.start < at < one.end for one in book.startups)
