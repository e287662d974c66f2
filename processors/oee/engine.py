"""OEE of one equipment, event by event: facts per minute, and reports of shifts and batches.

Events are applied in the order of their source time. One that comes late by no more than
`ALLOWED_LATENESS` finds its place; a count that comes later than that becomes a fact of its own.
Outputs are the difference between what was true before and what is true now, so that they say
absolute content, and saying it again changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from processors.oee.book import MAX_SILENCE, Amounts, Book, Cell, CellKey, Window, cell_key, elapse
from processors.oee.events import apply, as_made, concerns, is_late, made_at, moment_of, order_of
from processors.oee.plan import EquipmentPlan, equipment_plan
from processors.oee.ratios import ratios
from processors.oee.state import OeeState, dump, load
from processors.step import Output, Transition
from schemas.kpi import OeeCell, OeeReport, Quantities, TimeElements
from schemas.machine import MachineEvent, MachineRecord, PartsCounted
from schemas.plant.load import PlantFile
from schemas.record import EventId
from schemas.topics import KPI, KPI_LATEST, MACHINE, OEE_STATE, Topic

Model = TypeVar("Model", TimeElements, Quantities)

ALLOWED_LATENESS = timedelta(seconds=5)
TICK_AFTER = timedelta(seconds=10)
"""Cells of an equipment that says nothing are brought up to date this often."""


@dataclass(frozen=True, slots=True)
class View:
    """What is true by now: the book, the pending events, and the time since."""

    cells: Mapping[CellKey, Cell]
    closed: Sequence[Window]


class OeeEngine:
    """The engine of scope equipment that computes OEE."""

    name = "oee"
    inputs = (MACHINE,)
    memory: Topic = OEE_STATE

    def key_of(self, event: MachineRecord) -> str:
        """Run and equipment."""
        return f"{event.run}|{event.equipment}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> OeeState:
        """The state that `dump` gave."""
        run, _, equipment = key.partition("|")
        return load(run, equipment, rows)

    def dump(self, state: OeeState) -> dict[str, bytes]:
        """The state as rows."""
        return dump(state)

    def advance(
        self, state: OeeState, events: Sequence[MachineRecord], plant: PlantFile
    ) -> Transition[OeeState]:
        """Apply events of this equipment; what says nothing of its time or parts is skipped."""
        told = [event for event in events if concerns(event)]
        return self._advance(state, told, plant) if told else Transition(state)

    def _advance(
        self, state: OeeState, events: Sequence[MachineEvent], plant: PlantFile
    ) -> Transition[OeeState]:
        plan = equipment_plan(plant, state.equipment)
        before = _view(state, plan)
        seen = max([moment_of(event) for event in events] + ([state.seen] if state.seen else []))
        book = state.book.fork()
        in_time, late = _split(book, events)
        pending = sorted((*state.pending, *in_time), key=order_of)
        settled = [event for event in pending if moment_of(event) <= seen - ALLOWED_LATENESS]
        for event in settled:
            apply(book, event, plan)
        advanced = replace(
            state,
            plant_version=plant.version,
            book=book,
            pending=tuple(pending[len(settled) :]),
            seen=seen,
            late_facts=state.late_facts + len(late),
        )
        outputs = list(_difference(advanced, before, _view(advanced, plan)))
        outputs += [_late_cell(advanced, event, plan) for event in late]
        book.prune()
        return Transition(advanced, outputs)

    def tick(self, state: OeeState, now: datetime, plant: PlantFile) -> Transition[OeeState]:
        """Publish what is true by now."""
        if state.seen is None or now - (state.ticked or state.seen) < _patience(now - state.seen):
            return Transition(state)
        plan = equipment_plan(plant, state.equipment)
        ticked = replace(state, ticked=min(now, state.seen + MAX_SILENCE))
        outputs = _difference(ticked, _view(state, plan), _view(ticked, plan))
        return Transition(ticked, list(outputs))


def _patience(silence: timedelta) -> timedelta:
    """How long to wait between two ticks: what has been silent for long is looked at less often."""
    return max(TICK_AFTER, silence / 20)


def _split(
    book: Book, events: Sequence[MachineEvent]
) -> tuple[list[MachineEvent], list[PartsCounted]]:
    """Events that the book can still take, and counts for minutes that are closed."""
    late = [event for event in events if isinstance(event, PartsCounted) and is_late(book, event)]
    return [event for event in events if event not in late], late


def _view(state: OeeState, plan: EquipmentPlan) -> View:
    book = state.book.fork()
    for event in state.pending:
        apply(book, event, plan)
    if state.ticked is not None and book.at is not None and state.ticked > book.at:
        elapse(book, state.ticked, plan)
    return View(book.cells, book.closed)


def _difference(state: OeeState, before: View, after: View) -> Iterator[Output]:
    for key, cell in after.cells.items():
        if before.cells.get(key) != cell:
            yield _output(state, _cell_record(state, key, cell))
    for key, cell in before.cells.items():
        if key not in after.cells:
            yield _output(state, _cell_record(state, key, Cell(cell.start, cell.start)))
    for window in after.closed:
        if window not in before.closed:
            report = _report(state, window)
            yield _output(state, report)
            latest = f"{state.run}|{state.equipment}/{window.kind}"
            yield Output(KPI_LATEST, state.equipment, latest, report)


def _output(state: OeeState, record: OeeCell | OeeReport) -> Output:
    return Output(KPI, state.equipment, record.record_id(), record)


def _cell_record(state: OeeState, key: CellKey, cell: Cell, late: EventId | None = None) -> OeeCell:
    return OeeCell(
        run=state.run,
        plant_version=state.plant_version,
        equipment=state.equipment,
        minute=key.minute,
        batch=key.batch,
        product=key.product,
        shift=key.shift,
        day=key.day,
        start=cell.start,
        end=cell.end,
        late=late,
        time=_fields(TimeElements, cell.amounts),
        quantities=_fields(Quantities, cell.amounts),
    )


def _late_cell(state: OeeState, event: PartsCounted, plan: EquipmentPlan) -> Output:
    at = moment_of(event)
    book = as_made(state.book, made_at(state.book, at))
    key, shift = cell_key(book, at, plan)
    amounts = plan.count_amounts(
        event, book.product, key.day, planned=plan.is_planned(shift, book.batch)
    )
    return _output(state, _cell_record(state, key, Cell(at, at, amounts), event.id))


def _report(state: OeeState, window: Window) -> OeeReport:
    time = _fields(TimeElements, window.amounts)
    quantities = _fields(Quantities, window.amounts)
    found = ratios(time, quantities)
    return OeeReport(
        run=state.run,
        plant_version=state.plant_version,
        equipment=state.equipment,
        kind=window.kind,
        window=window.name,
        start=window.start,
        end=window.end,
        final=True,
        time=time,
        quantities=quantities,
        availability=found.availability,
        effectiveness=found.effectiveness,
        quality_ratio=found.quality_ratio,
        oee=found.oee,
    )


def _fields(model: type[Model], amounts: Amounts) -> Model:
    return model(**{name: amounts.get(name, 0) for name in model.model_fields})
