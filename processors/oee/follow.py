"""Cycles are timed beside the book: they are given each event once, in the order of source time."""

from processors.cycles.context import Context, Owner
from processors.cycles.follow import follow
from processors.cycles.state import CycleState
from processors.oee.book import Book, made_at
from processors.oee.events import moment_of
from processors.oee.plan import EquipmentPlan
from processors.oee.restate import key_at
from processors.step import Output
from schemas.machine import MachineRecord


def time_cycles(
    cycles: CycleState, event: MachineRecord, book: Book, owner: Owner, plan: EquipmentPlan
) -> tuple[CycleState, list[Output]]:
    """Take an event that the book has just taken."""
    at = moment_of(event)
    is_late = book.at is not None and at < book.at
    made = made_at(book, at) if is_late else book.made.last
    batch, product = (made.batch, made.product) if made else (None, None)
    key, _ = key_at(at, batch, product, plan)
    return follow(cycles, event, Context(owner, plan, batch, product, key.shift, key.day))
