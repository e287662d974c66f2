"""Cycles are timed beside the book: they are given each event once, in the order of source time."""

from processors.cycles.context import Context, Owner
from processors.cycles.follow import follow
from processors.cycles.state import CycleState
from processors.oee.book import Book, made_at
from processors.oee.events import moment_of
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import key_at, place_at
from processors.step import Output
from schemas.machine import MachineRecord


def time_cycles(
    cycles: CycleState, event: MachineRecord, book: Book, owner: Owner, plan: EquipmentPlan
) -> tuple[CycleState, list[Output]]:
    """Take an event that the book has just taken."""
    at = moment_of(event)
    is_late = book.at is not None and at < book.at
    if is_late:
        made = made_at(book, at)
        key, _ = key_at(at, made and made.batch, made and made.product, plan)
    else:
        key = place_at(book, at, plan).key
    context = Context(owner, plan, key.batch, key.product, key.shift, key.day)
    return follow(cycles, event, context)
