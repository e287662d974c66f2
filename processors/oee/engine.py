"""OEE of one equipment, event by event: facts per minute, stops, calls, and reports of windows.

Events are applied in the order of their source time. One that comes late by no more than
`ALLOWED_LATENESS` finds its place; parts and reasons that come later than that restate what is
closed. Outputs are the difference between what was true before and what is true now, so that they
say absolute content, and saying it again changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from processors.cycles.context import Owner
from processors.cycles.follow import flush
from processors.oee.andon import changed_calls, clear_call, raise_call
from processors.oee.book import Book, floor_minute
from processors.oee.booking import MAX_SILENCE, elapse
from processors.oee.events import (
    Order,
    apply,
    apply_late,
    concerns,
    in_order,
    is_said,
    order_of,
)
from processors.oee.findings import tell
from processors.oee.follow import time_cycles
from processors.oee.plan import EquipmentPlan, equipment_plan
from processors.oee.records import Named, differences, finding, open_reports, outputs
from processors.oee.state import OeeState, Pending, Shown, dump, load
from processors.oee.windows import close_cells
from processors.step import Output, Transition
from schemas.machine import Gap, MachineRecord
from schemas.manual import AndonCleared, AndonRaised
from schemas.plant.load import PlantFile
from schemas.topics import MACHINE, OEE_STATE, Topic

ALLOWED_LATENESS = timedelta(seconds=5)
TICK_AFTER = timedelta(seconds=10)
"""Cells of an equipment that says nothing are brought up to date this often."""
MAX_AHEAD = 100
"""So much that people said may be ahead of what the equipment itself said last."""


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
        """Apply events of this equipment; what says nothing of it is skipped."""
        called, calls = _call(state, events)
        told = tuple((order_of(event), event) for event in events if concerns(event))
        if not told:
            return Transition(called, calls)
        plan = equipment_plan(plant, state.equipment)
        shown = _shown(state, plan)
        before = _until_tick(state, shown.book, plan)
        step = _settle(called, told, plan)
        advanced = step.state
        after = _show(shown, step, plan)
        view = _until_tick(advanced, after.book, plan)
        outs = [*calls, *_said(advanced, before, view, plan), *step.cycles]
        _let_go(advanced, after.book)
        kept = replace(advanced, shown=after, reported=_reported(advanced, view))
        return Transition(kept, outs)

    def tick(self, state: OeeState, now: datetime, plant: PlantFile) -> Transition[OeeState]:
        """Publish what is true by now."""
        if state.seen is None or now - (state.ticked or state.seen) < _patience(now - state.seen):
            return Transition(state)
        plan = equipment_plan(plant, state.equipment)
        shown = _shown(state, plan)
        ticked = replace(state, ticked=min(now, state.seen + MAX_SILENCE), shown=shown)
        before, after = (_until_tick(one, shown.book, plan) for one in (state, ticked))
        cycles, found = flush(state.cycles, Owner(state.run, state.equipment, state.plant_version))
        outs = [*_said(ticked, before, after, plan), *found]
        kept = replace(ticked, cycles=cycles, reported=_reported(ticked, after))
        return Transition(kept, outs)


def _patience(silence: timedelta) -> timedelta:
    """How long to wait between two ticks: what has been silent for long is looked at less often."""
    return max(TICK_AFTER, silence / 20)


def _call(state: OeeState, events: Sequence[MachineRecord]) -> tuple[OeeState, list[Output]]:
    """Calls for help are told at once, whatever else is on its way."""
    calls = state.calls
    for event in events:
        match event:
            case AndonRaised():
                calls = raise_call(calls, event)
            case AndonCleared():
                calls = clear_call(calls, event)
            case _:
                pass
    if calls is state.calls:
        return state, []
    named = _named(state)
    told = changed_calls(state.calls, calls)
    return replace(state, calls=calls), [one for call in told for one in outputs(named, call)]


class _Step(NamedTuple):
    """What becomes of a state by new events."""

    state: OeeState
    told: Pending
    """The new events that the book could still take."""
    queue: Pending
    """All events that waited, with the new ones, in order."""
    cycles: Sequence[Output]
    """What became known of cycles and batches."""
    is_anew: bool
    """Whether something changed behind the book's end."""


def _settle(state: OeeState, told: Pending, plan: EquipmentPlan) -> _Step:
    """Book everything that nothing can overtake any more, and what comes later than that."""
    moments = [order[0] for order, event in told if not is_said(event)]
    seen = max([*moments, *([state.seen] if state.seen else [])], default=None)
    book = state.book.fork()
    book.late, book.findings, book.superseded = {}, (), ()
    at = book.at
    late = [event for order, event in told if at is not None and order[0] < at]
    in_time = tuple(one for one in told if at is None or one[0][0] >= at) if late else told
    queue = in_order((*state.pending, *in_time))
    settled = _settled(queue, seen)
    cycles, found = state.cycles, list[Output]()
    owner = Owner(state.run, state.equipment, plan.version)
    for take, events in ((apply_late, late), (apply, [event for _, event in settled])):
        for event in events:
            take(book, event, plan)
            cycles, told_now = time_cycles(cycles, event, book, owner, plan)
            found += told_now
    advanced = replace(
        state,
        plant_version=plan.version,
        book=book,
        pending=_not_too_far_ahead(book, queue[len(settled) :], seen),
        seen=seen,
        cycles=cycles,
    )
    return _Step(advanced, in_time, queue, found, bool(late))


def _settled(queue: Pending, seen: datetime | None) -> Pending:
    """What nothing can overtake any more, up to the last thing that the equipment itself says."""
    if seen is None:
        return ()
    until, number = seen - ALLOWED_LATENESS, 0
    for count, (order, event) in enumerate(queue, start=1):
        if order[0] > until:
            break
        if not is_said(event):
            number = count
    return queue[:number]


def _not_too_far_ahead(book: Book, pending: Pending, seen: datetime | None) -> Pending:
    """What people said of a time that has not come yet waits; but not without limit."""
    if len(pending) <= MAX_AHEAD:
        return pending
    ahead = [one for one in pending if seen is None or one[0][0] > seen]
    kept, left_out = ahead[:MAX_AHEAD], ahead[MAX_AHEAD:]
    for (at, *_), event in left_out:
        text = "too much was said of a time that has not come; this is left out: see its clock"
        tell(book, "too_early", (at, at), text, event.id)
    return (*pending[: len(pending) - len(ahead)], *kept)


def _shown(state: OeeState, plan: EquipmentPlan) -> Shown:
    """The book with the pending events applied."""
    return state.shown or _apply_to(state.book, state.pending, state.seen, plan)


def _show(shown: Shown, step: _Step, plan: EquipmentPlan) -> Shown:
    """The same after a step: from what was shown before, unless the new events go behind it."""
    upto, state = shown.upto, step.state
    if step.is_anew or (upto is not None and _goes_behind(step.told, upto)):
        return _apply_to(state.book, state.pending, state.seen, plan)
    new = tuple(one for one in step.queue if upto is None or one[0] > upto)
    after = _apply_to(shown.book, new, state.seen, plan)
    return after if after.upto else after._replace(upto=upto)


def _goes_behind(told: Pending, upto: Order) -> bool:
    """Whether any of these belongs before this, or a gap moves what people said in it."""
    return any(order < upto or isinstance(event, Gap) for order, event in told)


def _apply_to(book: Book, queue: Pending, seen: datetime | None, plan: EquipmentPlan) -> Shown:
    book, upto = book.fork(), None
    for order, event in queue:
        if seen is None or order[0] > seen:
            break
        apply(book, event, plan)
        upto = order
    return Shown(book, upto)


def _until_tick(state: OeeState, book: Book, plan: EquipmentPlan) -> Book:
    """The book with the time since the last event, as a tick told it."""
    if state.ticked is None or book.at is None or state.ticked <= book.at:
        return book
    book = book.fork()
    elapse(book, state.ticked, plan)
    return book


def _said(state: OeeState, before: Book, after: Book, plan: EquipmentPlan) -> Iterator[Output]:
    """What is true now and was not before, what does not fit, and how open windows stand."""
    named = _named(state)
    for record in differences(named, before, after, plan):
        yield from outputs(named, record)
    for found in state.book.findings:
        yield from outputs(named, finding(named, found))
    if _reported(state, after) != state.reported:
        for record in open_reports(named, after):
            yield from outputs(named, record)


def _reported(state: OeeState, view: Book) -> datetime | None:
    """The minute in which open windows were reported last."""
    minute = None if view.at is None else floor_minute(view.at)
    if minute is None or (state.reported is not None and minute <= state.reported):
        return state.reported
    return minute


def _let_go(state: OeeState, shown: Book) -> None:
    """Forget what nothing can be added to any more, and what is published for good."""
    if shown.late:
        waiting = [*(event.id for _, event in state.pending), *(e.id for e in state.book.waiting)]
        shown.late = {name: cell for name, cell in shown.late.items() if name[1] in waiting}
    shown.findings = shown.superseded = ()
    settled_from, shown_from = state.book.open_from, shown.open_from
    if settled_from is not None:
        close_cells(state.book, settled_from)
        close_cells(shown, min(settled_from, shown_from or settled_from))


def _named(state: OeeState) -> Named:
    return Named(state.run, state.plant_version, state.equipment)
