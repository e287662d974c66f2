"""What holds around an equipment's state: shifts, changeovers, maintenance; and what rules say."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plantstream.simulator.ledger import History, Ledger
from plantstream.simulator.planned import Span, edges, planned_spans, single_shifts
from schemas.machine import TimeCategory
from schemas.plant.equipment import Circumstance, Equipment, StateRule
from schemas.plant.model import Plant


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Spans of time in order, each kind without overlaps."""

    during_batch: bool
    shifts: Sequence[Span]
    planned: Sequence[Span]
    changeovers: Sequence[Span]
    maintenance: Sequence[Span]

    @property
    def cuts(self) -> list[datetime]:
        """Every moment at which one of them begins or ends."""
        kinds = (self.shifts, self.planned, self.changeovers, self.maintenance)
        return sorted({edge for spans in kinds for edge in edges(spans)})

    def is_planned(self, at: datetime) -> bool:
        """Whether the calendar plans production."""
        return _around(self.planned, at) is not None

    def shift_at(self, at: datetime) -> datetime | None:
        """When the shift began that is on."""
        return _around(self.shifts, at)

    def holding(self, at: datetime, batch: str | None, *, has_run: bool) -> set[Circumstance]:
        """What rules may ask for that holds at this moment."""
        holds: dict[Circumstance, bool] = {
            "no_batch": batch is None,
            "changeover": _around(self.changeovers, at) is not None,
            "maintenance": _around(self.maintenance, at) is not None,
            "start_of_shift": not has_run,
        }
        return {name for name, is_so in holds.items() if is_so}


def circumstances(
    ledger: Ledger, history: History, equipment: Equipment, plant: Plant
) -> Circumstances:
    """All of them from the ledger's begin to its end."""
    calendar = plant.calendars[equipment.calendar or ""]
    places = calendar.exceptions_of(equipment.id, equipment.area, equipment.line)
    calendar = calendar.with_exceptions(places)
    asked = (calendar, plant.time_zone, ledger.start, ledger.end)
    return Circumstances(
        calendar.during == "batch",
        single_shifts(*asked),
        planned_spans(*asked),
        list(_changeovers(history, ledger.end)),
        list(_maintenance(history, ledger.end)),
    )


def ruled(
    stands: tuple[TimeCategory, str | None, str | None],
    holds: set[Circumstance],
    rules: Sequence[StateRule],
) -> tuple[TimeCategory, str | None]:
    """Category and reason of a stop (category, state, reason by the device) by the first rule."""
    said, state, reason = stands
    for rule in rules:
        if rule.when in holds and (not rule.states or state in rule.states):
            return TimeCategory(rule.category), rule.reason or reason
    return said, reason


def _changeovers(history: History, end: datetime) -> Iterator[Span]:
    """From the end of a batch, or another batch or product, to the first part after it."""
    made = [entry.at for entry in history.made]
    until: datetime | None = None
    for before, now in zip(history.stances, history.stances[1:], strict=False):
        over = before.batch is not None and now.batch != before.batch
        other = before.product is not None and now.product != before.product
        if (over or other) and (until is None or until <= now.at):
            place = bisect_right(made, now.at)
            until = made[place] if place < len(made) else end
            yield now.at, until


def _maintenance(history: History, end: datetime) -> Iterator[Span]:
    """From when people said that it began to when they said that it ended."""
    begin: datetime | None = None
    for one in sorted(history.said, key=lambda said: said.time):
        if one.statement["type"] == "maintenance_started":
            begin = begin or one.time
        elif one.statement["type"] == "maintenance_ended" and begin is not None:
            yield begin, one.time
            begin = None
    if begin is not None and begin < end:
        yield begin, end


def _around(spans: Sequence[Span], at: datetime) -> datetime | None:
    """When the span began that holds this moment."""
    place = bisect_right(spans, at, key=lambda span: span[0]) - 1
    return spans[place][0] if place >= 0 and at < spans[place][1] else None
