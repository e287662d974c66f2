"""The rules of one equipment: what its samples, states, calls and alarms say to them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from processors.rules.board import Board, Watch
from processors.rules.excursions import forwarded
from processors.rules.plan import RulesPlan, equipment_rules, is_known, plan_of
from processors.rules.signals import (
    ALARMS,
    BATCH,
    CALLS,
    EQUIPMENT_HEARD,
    MAINTAINED,
    STATE,
    Alarm,
    Call,
    Fact,
    Maintenance,
    alarmed,
    cleared,
    raised,
    tag,
)
from processors.rules.state import RulesState, dump, load
from processors.rules.telling import is_repeat, outputs
from processors.rules.times import MILLISECOND, instant, is_a_time, micros, span
from processors.step import Sites, Transition
from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    Gap,
    MachineRecord,
    StateChanged,
    TimeCategory,
)
from schemas.manual import (
    AndonCleared,
    AndonRaised,
    MaintenanceEnded,
    MaintenanceStarted,
    ManualRecord,
)
from schemas.plant.load import PlantFile
from schemas.record import site_of
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MACHINE, RULES_STATE, TELEMETRY, Topic

Event = TelemetryFrame | MachineRecord
LEAVES_WITHIN = timedelta(minutes=1)
"""So long after a plant file came into force edges may still work by the one before."""
SILENT = timedelta(minutes=10)
_BAD = 0x8000_0000
"""The severity of an OPC UA status code that says that the value is of no use."""


class RulesEngine:
    """The engine of scope equipment that raises alerts."""

    name = "rules"
    inputs = (TELEMETRY, MACHINE)
    memory: Topic = RULES_STATE

    def __init__(self, watch: Watch | None = None) -> None:
        self._watch = watch

    def key_of(self, event: Event) -> str:
        """Run and equipment."""
        return f"{event.run}|{event.equipment}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> RulesState:
        """The state that `dump` gave."""
        run, _, equipment = key.partition("|")
        return load(run, equipment, rows)

    def dump(self, state: RulesState) -> dict[str, bytes]:
        """The state as rows."""
        return dump(state)

    def advance(
        self, state: RulesState, events: Sequence[Event], plant: PlantFile
    ) -> Transition[RulesState]:
        """Apply events of this equipment; those of which no rule speaks cost next to nothing."""
        plan = equipment_rules(plant, state.about)
        board: Board | None = None
        if state.plant_version not in {"", plan.version} or _has_late(state):
            board = Board(state, plan, self._watch)
        for event in events:
            facts = sorted(_facts(event, plan))
            if not facts and not (board is not None and is_a_time(micros(event.source_time))):
                continue
            board = board or Board(state, plan, self._watch)
            if not is_repeat(board.marks, event.id, _topic_of(event), event):
                _take(board, event, facts)
        if board is None:
            return Transition(state)
        return _done(board, plan)

    def due(self, state: RulesState) -> datetime | None:
        """When the next thing is due."""
        return None if state.next_due is None else instant(state.next_due)

    def tick(self, state: RulesState, now: datetime, plant: PlantFile) -> Transition[RulesState]:
        """Tell what is due by now: nothing, mostly."""
        at = micros(now)
        if state.next_due is None or at < state.next_due:
            return Transition(state)
        plan = equipment_rules(plant, state.about)
        board = Board(state, plan, self._watch)
        board.tick(at)
        return _done(board, plan)

    def retire(self, state: RulesState, now: datetime, sites: Sites) -> Transition[RulesState]:
        """End the alerts of equipment that the plant file in force has no longer.

        An edge that uses another file tells of it all the same: then it is there until it is
        silent.
        """
        found = sites.get(site_of(state.about))
        if found is None or state.plant_version in {"", found.plant.version}:
            return Transition(state)
        gone_at = found.since + LEAVES_WITHIN
        is_heard = state.seen > micros(gone_at) and micros(now) - state.seen < span(SILENT)
        if now < gone_at or is_heard or is_known(found.plant, state.about):
            return Transition(state)
        plan = plan_of(found.plant, ())
        board = Board(state, plan, self._watch)
        board.tick(micros(found.since))
        return _done(board, plan)


def _done(board: Board, plan: RulesPlan) -> Transition[RulesState]:
    """The alerts, and what products hear of them."""
    told = [*outputs(board.told), *forwarded(board.told, plan.products)]
    return Transition(board.state(), told)


def _has_late(state: RulesState) -> bool:
    return any(one.overlay is not None for one in state.instances.values())


def _topic_of(event: Event) -> str:
    return "telemetry" if isinstance(event, TelemetryFrame) else "machine"


_MISSED = "gap"


class _Ended(NamedTuple):
    """A batch that is made no longer."""

    batch: str


def _take(board: Board, event: Event, facts: Sequence[tuple[int, int, Fact]]) -> None:
    board.hear(max((at for at, _, _ in facts), default=micros(event.source_time)))
    plain: list[Fact] = []
    for _, _, fact in facts:
        match fact.value:
            case Call() | Alarm() | AndonCleared():
                _take_one(board, fact)
            case _ if fact.name == _MISSED:
                board.miss(fact.at)
            case _Ended(batch=batch):
                made = board.signals.get(BATCH)
                plain += [Fact(fact.at, BATCH, None)] * (made is not None and made.value == batch)
            case _:
                plain.append(fact)
    board.apply(plain)


def _take_one(board: Board, fact: Fact) -> None:
    """A call, a clearing or an alarm: one of a set."""
    known, late = board.signals.get(fact.name), None
    match fact.value:
        case Call() as call:
            news, late = raised(known, call)
        case Alarm() as alarm:
            news, late = alarmed(known, alarm)
        case AndonCleared() as clearing:
            news = cleared(known, clearing.andon, fact.at)
        case _:
            return
    if late is not None:
        board.was_late(fact.name, late)
        board.signals |= {} if news is None else {fact.name: news}
    elif news is not None:
        board.change(fact.at, {fact.name: news})


def _facts(event: Event, plan: RulesPlan) -> Iterator[tuple[int, int, Fact]]:
    """What the event says that a rule looks at, each with its time and its place."""
    number = 0
    for fact in _said(event, plan):
        if is_a_time(fact.at):
            yield fact.at, number, fact
            number += 1


def _said(event: Event, plan: RulesPlan) -> Iterator[Fact]:
    if isinstance(event, TelemetryFrame):
        yield from _samples(event, plan)
        return
    fact = _fact(event, micros(event.source_time))
    if fact is not None and (fact.name in plan.by_signal or (fact.name == _MISSED and plan.tags)):
        yield fact
    if EQUIPMENT_HEARD in plan.by_signal and _is_its_own(event):
        yield Fact(micros(event.source_time), EQUIPMENT_HEARD, True)


def _is_its_own(event: MachineRecord) -> bool:
    """Whether the equipment said it, and not people, or the edge of what it cannot see."""
    if isinstance(event, StateChanged):
        return event.category is not TimeCategory.UNKNOWN
    return not isinstance(event, ManualRecord | Gap)


def _fact(event: MachineRecord, at: int) -> Fact | None:
    """What an event says beside that the equipment is heard of."""
    match event:
        case StateChanged():
            return Fact(at, STATE, (str(event.category), event.state))
        case BatchStarted() | BatchEnded():
            is_made = isinstance(event, BatchStarted)
            return Fact(at, BATCH, event.batch if is_made else _Ended(event.batch))
        case MaintenanceStarted() | MaintenanceEnded():
            return Fact(at, MAINTAINED, tuple(_maintenance(event)))
        case AndonRaised():
            return Fact(at, CALLS, Call(event.andon, event.priority, event.kind, at, None))
        case AlarmChanged():
            text = event.message or event.name or event.condition
            alarm = Alarm(event.condition, event.severity, event.active, at, text[:500])
            return Fact(at, ALARMS, alarm)
        case _:
            return _other(event, at)


def _other(event: MachineRecord, at: int) -> Fact | None:
    """A call that is over, or a gap."""
    if isinstance(event, AndonCleared):
        return Fact(at, CALLS, event)
    return Fact(at, _MISSED, None) if isinstance(event, Gap) else None


def _maintenance(event: MaintenanceStarted | MaintenanceEnded) -> Maintenance:
    if isinstance(event, MaintenanceEnded):
        return Maintenance(False)
    return Maintenance(True, event.planned, (event.work_order or event.comment or "")[:500])


def _samples(frame: TelemetryFrame, plan: RulesPlan) -> Iterator[Fact]:
    base: int | None = None
    for column in frame.columns:
        if column.tag in plan.tags:
            base = micros(frame.source_time) if base is None else base
            yield from _column(column, tag(column.tag), base)
    if EQUIPMENT_HEARD in plan.by_signal:
        good = [offset for offset in map(_newest_good, frame.columns) if offset is not None]
        if good:
            at = micros(frame.source_time) + max(good) * MILLISECOND
            yield Fact(at, EQUIPMENT_HEARD, True)


def _newest_good(column: Column) -> int | None:
    """The offset of its newest sample that is not bad: a source gives those of what is silent."""
    offsets, quality = column.offset_ms, column.quality
    if quality is not None:
        offsets = [at for at, code in zip(offsets, quality, strict=True) if not code & _BAD]
    return max(offsets, default=None)


def _column(column: Column, name: str, base: int) -> Iterator[Fact]:
    """Its samples; one of bad quality says that the value is not known."""
    quality = column.quality
    for place, value in enumerate(column.values()):
        is_bad = quality is not None and quality[place] & _BAD
        at = base + column.offset_ms[place] * MILLISECOND
        yield Fact(at, name, None if is_bad else value)
