"""OEE of one equipment, event by event: facts per minute, stops, calls, and reports of windows.

Events are applied in the order of their source time. One that comes late by no more than
`ALLOWED_LATENESS` finds its place; parts and reasons that come later than that restate what is
closed. Outputs are the difference between what was true before and what is true now, so that they
say absolute content, and saying it again changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from processors.cycles.context import Owner
from processors.cycles.follow import flush
from processors.oee.andon import changed_calls, clear_call, raise_call
from processors.oee.book import Book, Found, Window
from processors.oee.booking import MAX_SILENCE, elapse
from processors.oee.events import concerns, in_order, is_said, order_of
from processors.oee.plan import EquipmentPlan, equipment_plan
from processors.oee.records import Named, Record, differences, finding, open_reports, outputs
from processors.oee.reported import Report, report_due
from processors.oee.state import OeeState, Pending, dump, load
from processors.oee.walk import Walk
from processors.oee.windows import without_closed
from processors.step import Output, Transition
from schemas.machine import MachineRecord
from schemas.manual import AndonCleared, AndonRaised
from schemas.plant.load import PlantFile
from schemas.record import EventId
from schemas.topics import MACHINE, OEE_STATE, Topic

ALLOWED_LATENESS = timedelta(seconds=5)
TICK_AFTER = timedelta(seconds=10)
"""Cells of an equipment that says nothing are brought up to date this often."""
PATIENCE = 20
"""What has been silent for long is looked at after each so many-th part of its silence."""
ROUNDING = timedelta(microseconds=1)
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
        state, outs = called, list[Output](calls)
        while told:
            together = _together(state, told) if len(told) > 1 else 1
            traced = _traced(state, plan)
            before = _until_tick(traced.ticked, traced.newest, plan)
            step = _step(traced, told[:together], plan)
            outs += [*_said(before, step, plan), *step.cycles]
            state, told = step.state, told[together:]
        return Transition(state, outs)

    def due(self, state: OeeState) -> datetime | None:
        """When what is true was told for so long that patience ends."""
        if state.seen is None:
            return None
        told = state.ticked or state.seen
        return told + max(TICK_AFTER, (told - state.seen) / (PATIENCE - 1) - ROUNDING)

    def tick(self, state: OeeState, now: datetime, plant: PlantFile) -> Transition[OeeState]:
        """Publish what is true by now."""
        if state.seen is None or now - (state.ticked or state.seen) < _patience(now - state.seen):
            return Transition(state)
        plan = equipment_plan(plant, state.equipment)
        traced = _traced(state, plan)
        ticked_at = min(now, state.seen + MAX_SILENCE)
        before, after = (_until_tick(at, traced.newest, plan) for at in (state.ticked, ticked_at))
        owner = Owner(state.run, state.equipment, state.plant_version)
        cycles, found = flush(state.cycles, owner)
        report = report_due(state.reported, after)
        reported = report.now if report else state.reported
        kept = traced._replace(ticked=ticked_at, cycles=cycles, reported=reported)
        said = _said(before, _Step(kept, after, report), plan)
        return Transition(kept, [*said, *found])


def _patience(silence: timedelta) -> timedelta:
    """How long to wait between two ticks: what has been silent for long is looked at less often."""
    return max(TICK_AFTER, silence / PATIENCE)


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
    return state._replace(calls=calls), [one for call in told for one in outputs(named, call)]


def _together(state: OeeState, told: Pending) -> int:
    """How many of these can be taken in one step.

    One that comes too late begins another step, so that it is too late for the same book as if
    each had come alone.
    """
    newest = state.seen
    for number, (order, event) in enumerate(told):
        at = order[0]
        until = None if newest is None else newest - ALLOWED_LATENESS
        if number and until is not None and at < until:
            before = (*state.pending, *told[:number])
            if any(at < one for one in _settled_moments(state, before, until)):
                return number
        if not is_said(event) and (newest is None or at > newest):
            newest = at
    return len(told)


def _settled_moments(state: OeeState, queue: Pending, until: datetime) -> Iterator[datetime]:
    """Moments up to which the book is filled once all is settled that nothing can overtake."""
    if state.book.at is not None:
        yield state.book.at
    for order, event in queue:
        if order[0] <= until and not is_said(event):
            yield order[0]


class _Step(NamedTuple):
    """What becomes of a state."""

    state: OeeState
    after: Book
    """All that is true now."""
    report: Report | None
    """Of open windows, if it is due."""
    cycles: Sequence[Output] = ()
    """What became known of cycles and batches."""
    found: Sequence[Found] = ()
    """What does not fit, of the events that were settled."""
    superseded: Sequence[Window] = ()
    """Closed windows as they were before they were restated."""


def _step(state: OeeState, told: Pending, plan: EquipmentPlan) -> _Step:
    """Apply new events, and settle everything that nothing can overtake any more."""
    seen, at = _newest(state.seen, told), state.book.at
    late = [event for order, event in told if at is not None and order[0] < at]
    in_time = tuple(one for one in told if at is None or one[0][0] >= at) if late else told
    queue = in_order((*state.pending, *in_time))
    walk = Walk(state, plan)
    del walk.trail[_unmoved(state.pending, queue) :]
    if late:
        walk.take_late(late)
    settled = _settled(queue, seen)
    walk.settle([event for _, event in queue[:settled]])
    pending, too_early = _not_too_far_ahead(queue[settled:], seen)
    walk.show(_seen(pending, seen))
    after = _until_tick(state.ticked, walk.newest, plan)
    report = report_due(state.reported, after)
    book, trail = _without_closed(walk, pending, state.book.open_from)
    kept = OeeState(
        run=state.run,
        equipment=state.equipment,
        plant_version=plan.version,
        book=book,
        pending=pending,
        seen=seen,
        ticked=state.ticked,
        reported=report.now if report else state.reported,
        calls=state.calls,
        cycles=walk.cycles,
        trail=trail,
    )
    found = (*walk.found, *too_early)
    return _Step(kept, after, report, walk.outputs, found, walk.superseded)


def _newest(seen: datetime | None, told: Pending) -> datetime | None:
    """The newest source time of what the equipment itself says."""
    for order, event in told:
        if (seen is None or order[0] > seen) and not is_said(event):
            seen = order[0]
    return seen


def _unmoved(before: Pending, now: Pending) -> int:
    """How many of the first events that wait are still the first ones."""
    pairs = zip(before, now, strict=False)
    return next((n for n, (old, new) in enumerate(pairs) if old != new), len(before))


def _seen(pending: Pending, seen: datetime | None) -> list[MachineRecord]:
    """Events of a time that the equipment has reached."""
    return [event for order, event in pending if seen is not None and order[0] <= seen]


def _traced(state: OeeState, plan: EquipmentPlan) -> OeeState:
    """The state with its trail, which is not written down."""
    if state.trail is not None:
        return state
    walk = Walk(state, plan)
    walk.show(_seen(state.pending, state.seen))
    return state._replace(trail=tuple(walk.trail))


def _settled(queue: Pending, seen: datetime | None) -> int:
    """How many nothing can overtake any more, up to the last that the equipment itself says."""
    if seen is None:
        return 0
    until, number = seen - ALLOWED_LATENESS, 0
    for count, (order, event) in enumerate(queue, start=1):
        if order[0] > until:
            break
        if not is_said(event):
            number = count
    return number


def _not_too_far_ahead(pending: Pending, seen: datetime | None) -> tuple[Pending, list[Found]]:
    """What people said of a time that has not come yet waits; but not without limit."""
    if len(pending) <= MAX_AHEAD:
        return pending, []
    ahead = [one for one in pending if seen is None or one[0][0] > seen]
    kept, left_out = ahead[:MAX_AHEAD], ahead[MAX_AHEAD:]
    text = "too much was said of a time that has not come; this is left out: see its clock"
    found = [Found("too_early", at, at, text, event.id) for (at, *_), event in left_out]
    return (*pending[: len(pending) - len(ahead)], *kept), found


def _until_tick(ticked: datetime | None, book: Book, plan: EquipmentPlan) -> Book:
    """The book with the time since the last event, as a tick told it."""
    if ticked is None or book.at is None or ticked <= book.at:
        return book
    book = book.fork()
    elapse(book, ticked, plan)
    return book


def _said(before: Book, step: _Step, plan: EquipmentPlan) -> list[Output]:
    """What is true now and was not before, what does not fit, and how open windows stand."""
    named = _named(step.state)
    records: list[Record] = [
        *differences(named, (before, step.after), step.superseded, plan),
        *(finding(named, found) for found in step.found),
    ]
    if step.report is not None:
        records += open_reports(named, step.after, step.report.hour)
    return [output for record in records for output in outputs(named, record)]


def _without_closed(
    walk: Walk, pending: Pending, before: datetime | None
) -> tuple[Book, tuple[Book, ...]]:
    """The books without what nothing can be added to any more, and what is published for good.

    `before`: from when on something could be added to the settled book until now.
    """
    late, settled_from = walk.newest.late or walk.book.late, walk.book.open_from
    if not late and settled_from is not None and settled_from == before:
        return walk.book, tuple(walk.trail)
    waiting: set[EventId] = set()
    if late:
        waiting = {event.id for _, event in pending} | {one.id for one in walk.book.waiting}
    shown_from = walk.newest.open_from
    both_from = min(filter(None, (settled_from, shown_from)), default=None)
    trail = (without_closed(one, both_from, waiting) for one in walk.trail)
    return without_closed(walk.book, settled_from, waiting), tuple(trail)


def _named(state: OeeState) -> Named:
    return Named(state.run, state.plant_version, state.equipment)
