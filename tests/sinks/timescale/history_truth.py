"""What the ledger comes to over whole shifts: nothing of the pipeline is in it."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from plantstream.simulator.planned import Span, single_shifts
from plantstream.simulator.truth import Truth, truth
from schemas.machine import TimeCategory
from schemas.record import EquipmentPath
from tests.sinks.timescale.history import Past

ZONE = ZoneInfo("America/Mexico_City")
LOST = ("unplanned_stop", "delay", "setup", "minor_stop", "unknown")
"""Categories of planned time that is lost."""


def local(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def shifts(past: Past, path: EquipmentPath, first: date, until: date) -> dict[Span, date]:
    """Whole shifts that began on these local dates [first, until), as far as there is a ledger."""
    equipment = past.plant.plant.find(path)
    assert equipment is not None
    assert equipment.calendar is not None
    calendar = past.plant.plant.calendars[equipment.calendar]
    span = local(first) - timedelta(days=1), local(until) + timedelta(days=1)
    spans = single_shifts(calendar, str(ZONE), *span)
    days = {one: one[0].astimezone(ZONE).date() for one in spans}
    return {one: day for one, day in days.items() if first <= day < until}


def true(past: Past, path: EquipmentPath, span: Span) -> Truth:
    """What was true in the part of the span of which there is a ledger."""
    start, end = max(span[0], past.ledger.start), min(span[1], past.ledger.end)
    return truth(past.ledger, past.plant.plant, path, start, max(start, end))


def week_before(now: datetime) -> tuple[date, date]:
    monday = now.date() - timedelta(days=now.weekday())
    return monday - timedelta(days=7), monday


def by_reason(sums: Truth, categories: Sequence[str] = LOST) -> Counter[tuple[str, str | None]]:
    """Seconds by category and reason; the rest of a category has none."""
    found: Counter[tuple[str, str | None]] = Counter()
    for category in map(TimeCategory, categories):
        rest = sums.seconds.get(category, 0.0)
        for (of, reason), seconds in sums.reasons.items():
            if of == category:
                found[str(category), reason] += seconds  # type: ignore[assignment]
                rest -= seconds
        found[str(category), None] += rest  # type: ignore[assignment]
    return Counter({name: seconds for name, seconds in found.items() if seconds > 1e-6})


def summed(past: Past, path: EquipmentPath, first: date, until: date) -> Truth:
    """Sums over all shifts that began in [first, until): one follows the other here."""
    spans = sorted(shifts(past, path, first, until))
    return true(past, path, (spans[0][0], spans[-1][1]))
