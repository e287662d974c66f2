"""What a stop is by order, calendar and people: the rules of the plant file."""

from processors.calendar import Slot
from processors.oee.book import Book
from processors.oee.plan import EquipmentPlan
from processors.oee.stops import STOPPED, Judged
from schemas.machine import TimeCategory
from schemas.plant.equipment import Circumstance


def judged_now(book: Book, slot: Slot, plan: EquipmentPlan) -> Judged:
    """What the state counts as in this slot, before people say why.

    The first rule that holds wins. Maintenance that a person has begun counts as planned or as
    unplanned stop where no rule speaks of maintenance.
    """
    if book.category not in STOPPED:
        return Judged(book.category, None)
    if not plan.rules and book.maintenance is None:
        return Judged(book.category, book.reason)
    maintained = _in_maintenance(book)
    if maintained is not None and all(rule.when != "maintenance" for rule in plan.rules):
        return maintained
    for rule in plan.rules:
        told = not rule.states or book.state in rule.states
        if told and _holds(rule.when, book, slot):
            return Judged(TimeCategory(rule.category), rule.reason or book.reason)
    return maintained or Judged(book.category, book.reason)


def _in_maintenance(book: Book) -> Judged | None:
    if book.maintenance is None:
        return None
    planned = book.maintenance
    category = TimeCategory.PLANNED_STOP if planned else TimeCategory.UNPLANNED_STOP
    return Judged(category, book.reason)


def _holds(circumstance: Circumstance, book: Book, slot: Slot) -> bool:
    match circumstance:
        case "no_batch":
            return book.batch is None
        case "changeover":
            return book.changeover
        case "maintenance":
            return book.maintenance is not None
        case "start_of_shift":
            return slot.shift is not None and book.ran_in != slot.shift
