"""The rules of a whole site: figures, counts, silent sources, and alerts that others raise.

Of products there is nothing here but counts of results: tests, releases and deviations are seen
together by product, in an engine of their own on `Board`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from processors.rules import external
from processors.rules.board import Board, Watch
from processors.rules.conditions import COUNT_FIELDS, TIME_FIELDS
from processors.rules.plan import RulesPlan, site_rules
from processors.rules.signals import (
    Counted,
    Fact,
    Signal,
    counted,
    happened,
    hour,
    source_heard,
    taken_back,
)
from processors.rules.state import RulesState, dump, load
from processors.rules.telling import is_repeat, outputs
from processors.rules.times import MINUTE, instant, is_a_time, micros
from processors.step import Transition
from schemas.kpi import OeeReport
from schemas.machine import TimeCategory
from schemas.plant.load import PlantFile
from schemas.quality import TestJudged
from schemas.record import site_of
from schemas.site import ExternalAlert, SiteRecord, SourceHeartbeat
from schemas.stops import AndonCall, Finding, Stop
from schemas.topics import SITE, SITE_STATE, Topic

Forwarded = OeeReport | AndonCall | Stop | Finding | TestJudged
Event = SiteRecord | Forwarded
_COUNTED_STOPS = frozenset({TimeCategory.UNPLANNED_STOP, TimeCategory.MINOR_STOP})


class SiteEngine:
    """The engine of scope site that raises alerts, and takes those of others in."""

    name = "site"
    inputs = (SITE,)
    memory: Topic = SITE_STATE

    def __init__(self, watch: Watch | None = None) -> None:
        self._watch = watch

    def key_of(self, event: Event) -> str:
        """Run and site."""
        return f"{event.run}|{_site(event)}"

    def load(self, key: str, rows: Mapping[str, bytes]) -> RulesState:
        """The state that `dump` gave."""
        run, _, site = key.partition("|")
        return load(run, site, rows)

    def dump(self, state: RulesState) -> dict[str, bytes]:
        """The state as rows."""
        return dump(state)

    def advance(
        self, state: RulesState, events: Sequence[Event], plant: PlantFile
    ) -> Transition[RulesState]:
        """Apply what was said of this site."""
        plan = site_rules(plant)
        board = Board(state, plan, self._watch)
        for event in events:
            at = _time_of(event)
            if not is_a_time(at):
                continue
            if isinstance(event, SiteRecord) and is_repeat(board.marks, event.id, "site", event):
                continue
            board.hear(at)
            _take(board, plan, event, at)
        return Transition(board.state(), outputs(board.told))

    def due(self, state: RulesState) -> datetime | None:
        """When the next thing is due."""
        return None if state.next_due is None else instant(state.next_due)

    def tick(self, state: RulesState, now: datetime, plant: PlantFile) -> Transition[RulesState]:
        """Tell what is due by now."""
        at = micros(now)
        if state.next_due is None or at < state.next_due:
            return Transition(state)
        board = Board(state, site_rules(plant), self._watch)
        board.tick(at)
        for name, known in list(board.external.items()):
            after, told = external.expire(known, at)
            board.told += told
            if after is None:
                del board.external[name]
            else:
                board.external[name] = after
        return Transition(board.state(), outputs(board.told))


def _site(event: Event) -> str:
    if isinstance(event, SiteRecord | TestJudged):
        return event.site
    return site_of(event.equipment)


def _time_of(event: Event) -> int:
    """When it was so: of a rolling hour, when its newest minute begins."""
    match event:
        case OeeReport():
            return micros(event.end) - MINUTE
        case AndonCall():
            return micros(event.raised_at)
        case Stop() | Finding():
            return micros(event.start)
        case TestJudged():
            return micros(event.stated_at)
        case _:
            return micros(event.source_time)


def _take(board: Board, plan: RulesPlan, event: Event, at: int) -> None:
    match event:
        case SourceHeartbeat(connected=True):
            board.apply([Fact(at, source_heard(event.name), True)])
        case ExternalAlert():
            name = external.name_of(event)
            known, told = external.take(board.external.get(name), event)
            board.told += told
            if known is not None:
                board.external[name] = known
        case OeeReport(kind="hour") if hour(event.equipment) in plan.by_signal:
            _replace_hour(board, hour(event.equipment), Signal(at, _facts_of(event)))
        case AndonCall() | Finding():
            kind = "andon" if isinstance(event, AndonCall) else "finding"
            _count(board, plan, kind, Counted(at, event.record_id(), event.equipment))
        case Stop():
            _count_stop(board, plan, event, at)
        case TestJudged():
            _count_test(board, plan, event, at)
        case _:
            pass


def _replace_hour(board: Board, name: str, news: Signal) -> None:
    """The last report counts, even if a later reason leaves an hour that ends earlier."""
    known = board.signals.get(name)
    if known != news:
        board.change(max(news.at, known.at) if known else news.at, {name: news})


def _count_stop(board: Board, plan: RulesPlan, stop: Stop, at: int) -> None:
    """Stops that nobody planned; one that was told too early is taken back."""
    if stop.category in _COUNTED_STOPS and stop.end != stop.start:
        _count(board, plan, "stop", Counted(at, stop.record_id(), stop.equipment))
    else:
        _take_back(board, "stop", stop.record_id(), at)


def _count_test(board: Board, plan: RulesPlan, test: TestJudged, at: int) -> None:
    """Results by what they come to; one that was corrected counts as what it is now."""
    for kind, outcome in (("test_failed", "fail"), ("test_out_of_trend", "out_of_trend")):
        if test.outcome == outcome:
            _count(board, plan, kind, Counted(at, test.record_id(), ""))
        else:
            _take_back(board, kind, test.record_id(), at)


def _take_back(board: Board, kind: str, record: str, at: int) -> None:
    name = counted(kind)
    left = taken_back(board.signals.get(name), record)
    if left is not None:
        board.change(max(at, left.at), {name: left})


def _count(board: Board, plan: RulesPlan, kind: str, one: Counted) -> None:
    """Hold it for as long as the longest window asks."""
    if kind not in plan.spans:
        return
    known = board.signals.get(counted(kind))
    after = happened(known, one, plan.spans[kind][-1])
    if after is not None:
        board.change(after.at, {counted(kind): after})


def _facts_of(report: OeeReport) -> tuple[int, ...]:
    """Milliseconds and counts, which add up."""
    time, parts = report.time, report.quantities
    return (
        *(getattr(time, name) for name in TIME_FIELDS),
        *(getattr(parts, name) for name in COUNT_FIELDS),
    )
