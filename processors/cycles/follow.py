"""Cycles of one equipment, event by event, in the order of source time.

What is published is absolute: a cell's record replaces the one before. Open cells are published
when the first event of another minute comes, and by `flush`; batches whenever they change.
"""

from datetime import datetime, timedelta

from processors.cycles import batches, cells
from processors.cycles.cells import Cell, Fact
from processors.cycles.context import Context, Owner
from processors.cycles.state import CycleState, Waiting
from processors.cycles.sums import Yardstick, cycles_of
from processors.cycles.timing import Lap, observe, units_of
from processors.step import Output
from schemas.machine import (
    BatchStarted,
    CycleCompleted,
    MachineRecord,
    PartsCounted,
    StateChanged,
)
from schemas.stops import Finding
from schemas.topics import KPI

_MINUTE = timedelta(minutes=1)


def follow(
    state: CycleState, event: MachineRecord, context: Context
) -> tuple[CycleState, list[Output]]:
    """The state after one event, and what is newly known.

    Events come in the order of source time. One that does not is late: a `CycleCompleted` still
    counts, as do batches and phases; a state or a count does not, which is said once an hour.
    """
    at = _whole_ms(event.source_time)
    if state.at is not None and at < state.at:
        return _follow_late(state, event, at, context)
    state, outputs = _proceed(state, at, context)
    watch, lap = observe(state.watch, event, at, context)
    if lap is not None:
        state, more = _complete(state, lap, event, at, context)
        outputs += more
    elif type(event) is CycleCompleted and context.plan.cycles == "events":
        state, more = _put(state, _fact(event, at, 1, event.duration_ms, context), context.owner)
        outputs += more
    vat = state.vat
    if type(event) is not BatchStarted:
        vat, made = batches.make(vat, at, context)
        outputs += made
    vat, told = batches.hear(vat, event, at, context)
    after = CycleState(at, watch, state.waiting, state.cells, vat, state.complained)
    return after, outputs + told


def flush(state: CycleState, owner: Owner) -> tuple[CycleState, list[Output]]:
    """Publish what is known and was not yet published: for an equipment that says nothing more.

    It changes no cell, whenever it is called.
    """
    known, at_once = state.cells, list[Cell]()
    if state.waiting is not None and not state.waiting.said:
        known, at_once = cells.put(state.cells, _fact_of(state.waiting))
    found = [cells.output(owner, cell) for cell in (*at_once, *cells.unsaid(known))]
    if not found:
        return state, []
    waiting = state.waiting and state.waiting._replace(said=True)
    return state._replace(cells=cells.all_said(state.cells), waiting=waiting), found


def _proceed(state: CycleState, at: datetime, context: Context) -> tuple[CycleState, list[Output]]:
    """The state at the moment of the next event, before it."""
    outputs: list[Output] = []
    if state.waiting is not None and at > state.waiting.at:
        fact = _fact_of(state.waiting)
        state, outputs = _put(state._replace(waiting=None), fact, context.owner)
    if state.at is None or _is_of_another_minute(at, state.at):
        outputs += [cells.output(context.owner, cell) for cell in cells.unsaid(state.cells)]
        said = cells.entered(cells.all_said(state.cells), cells.floor_hour(at))
        state = state._replace(cells=said)
    return state, outputs


def _complete(
    state: CycleState, lap: Lap, event: MachineRecord, at: datetime, context: Context
) -> tuple[CycleState, list[Output]]:
    if not isinstance(event, PartsCounted):
        took = (at - lap.since) // timedelta(milliseconds=1)
        return _put(state, _fact(event, at, lap.units, took, context), context.owner)
    waiting = state.waiting
    if waiting is not None:
        more = waiting._replace(units=waiting.units + lap.units, said=False)
        return state._replace(waiting=more), []
    if at == lap.since:
        return state, []
    waiting = Waiting(
        at=at,
        since=lap.since,
        units=lap.units,
        yardstick=_yardstick(context),
        place=cells.place_of(at, context),
        day=context.day,
        event=event.id,
    )
    return state._replace(waiting=waiting), []


def _follow_late(
    state: CycleState, event: MachineRecord, at: datetime, context: Context
) -> tuple[CycleState, list[Output]]:
    mode = context.plan.cycles
    if isinstance(event, CycleCompleted) and mode == "events":
        fact = _fact(event, at, 1, event.duration_ms, context)
        return _put(state, fact, context.owner)
    if _is_missed(event, context):
        return _complain(state, event, at, context.owner)
    vat, outputs = batches.hear(state.vat, event, at, context)
    return state._replace(vat=vat), outputs


def _is_missed(event: MachineRecord, context: Context) -> bool:
    """Whether a cycle may be wrong because this was not known in time."""
    plan = context.plan
    if isinstance(event, PartsCounted):
        counted = units_of(event, counts_produced=plan.counts_produced)
        return plan.cycles == "counters" and counted > 0
    return plan.cycles in {"states", "counters"} and isinstance(event, StateChanged)


def _complain(
    state: CycleState, event: MachineRecord, at: datetime, owner: Owner
) -> tuple[CycleState, list[Output]]:
    hour = cells.floor_hour(at)
    if state.complained == hour:
        return state, []
    text = (
        f"Of {owner.equipment}, a state or a count of {at.isoformat()} came after later ones: "
        "cycle times of this hour leave it out (time and counts do not). If it happens again, "
        f"compare the clock and the delay of source {event.id.source} with the other sources' of "
        "this equipment."
    )
    told = _finding(owner, "cycles_too_late", hour, text)
    return state._replace(complained=hour), [told]


def _finding(owner: Owner, kind: str, hour: datetime, text: str) -> Output:
    """One of its kind per hour: the newest replaces the others."""
    finding = Finding(
        run=owner.run,
        plant_version=owner.plant_version,
        equipment=owner.equipment,
        kind=kind,
        start=hour,
        end=hour + cells.HOUR,
        text=text,
    )
    return Output(KPI, owner.equipment, finding.record_id(), finding)


def _put(state: CycleState, fact: Fact, owner: Owner) -> tuple[CycleState, list[Output]]:
    if not cells.can_be(fact):
        text = (
            f"Cycles of {fact.sums.total_ms} ms in all, {fact.sums.cycles} at once, cannot be: a "
            "cycle lasts 35 days at most. Cycle times of this hour leave them out; see the counter "
            f"or the clock of source {fact.event.source}."
        )
        return state, [_finding(owner, "impossible_cycle", fact.place.hour, text)]
    known, at_once = cells.put(state.cells, fact)
    return state._replace(cells=known), [cells.output(owner, cell) for cell in at_once]


def _fact(event: MachineRecord, at: datetime, units: int, took_ms: int, context: Context) -> Fact:
    sums = cycles_of(units, took_ms, _yardstick(context))
    return Fact(cells.place_of(at, context), context.day, sums, event.id)


def _fact_of(waiting: Waiting) -> Fact:
    took = (waiting.at - waiting.since) // timedelta(milliseconds=1)
    sums = cycles_of(waiting.units, took, waiting.yardstick)
    return Fact(waiting.place, waiting.day, sums, waiting.event)


def _yardstick(context: Context) -> Yardstick:
    plan = context.plan
    return Yardstick.of(plan.ideal_us(context.product, context.day), plan.slow_cycle)


def _whole_ms(moment: datetime) -> datetime:
    over = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - over) if over else moment


def _is_of_another_minute(at: datetime, before: datetime) -> bool:
    return at.minute != before.minute or at - before >= _MINUTE
