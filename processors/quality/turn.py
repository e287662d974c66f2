"""One advance or tick: time passes, statements are filed, rules look, and what follows is told."""

from collections.abc import Mapping
from typing import NamedTuple

from processors.quality import signals
from processors.quality.desk import Desk
from processors.quality.facts import Sealed, action_of, decision_of, version_of
from processors.quality.filing import Filing
from processors.quality.live import Live, differences
from processors.quality.makings import making_of, spell_of
from processors.quality.outputs import outputs
from processors.quality.plan import quality_plan
from processors.quality.records import DAY, Owner, Record
from processors.quality.signing import Verifies, knows_no_seal, seal_of
from processors.quality.state import QualityState, rows_after
from processors.quality.trends import Trend
from processors.rules.board import Board, Watch
from processors.rules.products import product_rules
from processors.rules.telling import outputs as alerts
from processors.rules.times import NEVER, micros
from processors.step import Output, Transition
from schemas.audit import AuditEntry
from schemas.lab import (
    BatchMade,
    DeviationAction,
    Disposition,
    Excursion,
    LabRecord,
    SignedRecord,
    TestResult,
)
from schemas.plant.load import PlantFile

Event = LabRecord | BatchMade | Excursion


class Judges(NamedTuple):
    """What is found out elsewhere, and what looks at the rules."""

    trend: Trend | None = None
    verifies: Verifies = knows_no_seal
    watch: Watch | None = None


KEPT = 400 * DAY
"""What was said is forgotten so long after the last word on it, unless somebody waits for it."""
UNCONCERNED = 30 * DAY
"""An excursion in which no batch was made is forgotten so long after it."""
MAX_TURNS = 10_000
"""So often rules look at what changes by itself between two events; then at the end alone."""


class Turn:
    """Takes a state; `done` gives the one that follows, and what is told."""

    def __init__(self, state: QualityState, plant: PlantFile, judges: Judges) -> None:
        plan = quality_plan(plant, state.product)
        owner = Owner(state.run, plan.version, state.site, plan.product)
        self._state, self._rules = state, product_rules(plant, state.product)
        filing = Filing(state.dossiers, state.actions, state.spells)
        self._desk = Desk(owner, filing, plan, judges.trend)
        self._board = Board(state.rules, self._rules, judges.watch)
        self._signatures, self._verifies = plan.settings.signatures, judges.verifies
        self._audited = set(state.audited)
        self._told = self._begin(plan.version)

    def _begin(self, version: str) -> Mapping[str, Record]:
        """What was told before; under another plant file everything is reckoned anew."""
        state, desk = self._state, self._desk
        desk.take_over(state.live, state.as_of, state.heard_at)
        before = {} if state.live is None else state.live.records
        is_same = state.plant_version == version
        if state.as_of == NEVER or (state.live is not None and is_same):
            return before
        desk.reckon_all()
        if state.live is not None or not is_same:
            return before
        desk.settle()
        return dict(desk.live.records)

    def proceed(self, at: int) -> None:
        """Time passes: rules look at every change that comes by itself."""
        desk = self._desk
        for _ in range(MAX_TURNS if self._rules.watched else 0):
            due = desk.next_turn()
            if due is None or due > at:
                break
            desk.turn(due)
            self._look()
        if at > desk.as_of:
            desk.turn(at)
            self._look()

    def take(self, event: Event) -> None:
        """File what was said, and find out what follows."""
        desk, filing = self._desk, self._desk.filing
        match event:
            case TestResult():
                filing.result(version_of(event, self._sealed(event)))
            case Disposition():
                filing.decision(event.batch, decision_of(event, self._sealed(event)))
            case DeviationAction():
                filing.action(event.deviation, action_of(event, self._sealed(event)))
            case BatchMade():
                making = None if event.withdrawn else making_of(event)
                filing.making(event.batch, event.record_id(), making)
            case Excursion(fingerprint=alert, start=start):
                filing.spell(f"{alert}|{start.isoformat()}", spell_of(event))
            case _:
                pass
        if isinstance(event, LabRecord):
            self._hear(micros(event.ingest_time))
        changed, acted = filing.drain()
        desk.reckon(changed)
        desk.act(acted)
        self._look()

    def tick(self, at: int) -> None:
        """It is so late, by the clock."""
        self.proceed(at)
        self._hear(at)
        self._board.tick(at)

    def done(self) -> Transition[QualityState]:
        """The state that follows, and what is told."""
        self._desk.settle()
        self._look()
        told: list[Output] = []
        for before, now in differences(self._told, self._desk.live.records):
            if not isinstance(now, AuditEntry):
                told += outputs(before, now)
            elif now.id not in self._audited:
                self._audited.add(now.id)
                told += outputs(before, now)
        self._forget()
        return Transition(self._after(self._desk.live), [*told, *alerts(self._board.told)])

    def _hear(self, at: int) -> None:
        """So far has the edges' time passed."""
        self._desk.heard_at = max(self._desk.heard_at, at)

    def _sealed(self, event: SignedRecord) -> Sealed:
        return seal_of(event, self._signatures, self._verifies)

    def _look(self) -> None:
        if self._rules.watched:
            as_of, known = self._desk.as_of, self._board.signals
            self._board.hear(as_of)
            self._board.apply(list(signals.news(self._desk.live, self._rules, known, as_of)))

    def _forget(self) -> None:
        """Once a day, what nobody speaks of any more; nothing is told of that."""
        desk, live = self._desk, self._desk.live
        if desk.heard_at // DAY == self._state.heard_at // DAY:
            return
        for key, one in list(live.evaluations.items()):
            opened = live.opened.get(key, ())
            is_open = any(live.states.get(case.name) != "closed" for case in opened)
            if not is_open and one.is_over(desk.heard_at - KEPT):
                desk.forget(key)
        desk.reckon(desk.filing.drain()[0])
        self._audited &= live.records.keys()
        desk.filing.forget_spells(desk.heard_at - UNCONCERNED, desk.heard_at - KEPT)

    def _after(self, live: Live) -> QualityState:
        state, desk = self._state, self._desk
        filing, rules = desk.filing, self._board.state()
        dues = [at for at in (desk.next_due(), rules.next_due) if at is not None]
        return QualityState(
            run=state.run,
            about=state.about,
            plant_version=self._rules.version,
            as_of=desk.as_of,
            heard_at=desk.heard_at,
            next_due=min(dues, default=None),
            dossiers=filing.dossiers,
            actions=filing.actions,
            spells=filing.spells,
            audited=frozenset(self._audited),
            rules=rules,
            live=live,
            rows=rows_after(state, filing),
        )
