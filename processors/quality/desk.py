"""One state while statements are filed in it: all that follows from them is kept up to date."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from processors.quality import auditing, records, telling
from processors.quality.capabilities import capability
from processors.quality.deviations import Case, Kind, course
from processors.quality.evaluation import Evaluation, evaluate
from processors.quality.facts import Dossier
from processors.quality.filing import Filing, key_of
from processors.quality.live import Live
from processors.quality.plan import QualityPlan
from processors.quality.records import DAY, Owner, Record, Told
from processors.quality.trends import Change, Point, Trend
from processors.quality.windows import LENGTHS, NOTHING
from processors.rules.times import span
from schemas.audit import AuditEntry
from schemas.record import LARGEST_NUMBER

_ROLLING, _CAPABILITY = "rolling", "capability of "


class Desk:
    """Follows what is filed; what follows from it is in `live`."""

    def __init__(
        self, owner: Owner, filing: Filing, plan: QualityPlan, trend: Trend | None = None
    ) -> None:
        self.filing, self.live = filing, Live()
        self.as_of = self.heard_at = 0
        self._owner, self._plan, self._trend = owner, plan, trend
        self._moved: set[str] = set()
        """Tests of which points changed."""

    def take_over(self, live: Live | None, as_of: int, heard_at: int) -> None:
        """Go on from here; without anything that is known, reckon all from what is filed."""
        self.as_of, self.heard_at = as_of, heard_at
        if live is not None:
            self.live = live.copy()

    def reckon_all(self) -> None:
        """Find out what everything comes to."""
        self.reckon(self.filing.dossiers)
        self.act(self.filing.actions)

    def reckon(self, keys: Iterable[str]) -> None:
        """Find out what these dossiers come to, and all that changes with them."""
        changed = set(keys)
        moves = [one for key in sorted(changed) for one in self._evaluate(key)]
        changed |= set(self.live.series.change(moves, self._trend, self._plan))
        self._moved |= {move[0] for move in moves}
        kinds = {kind for key in sorted(changed) for kind in self._open(key)}
        cases = [one for one in self.live.cases.values() if one.kind in kinds]
        told = changed | self._follow(cases)
        # What is no more first: its records may be those of another dossier by now.
        for key in sorted(told, key=lambda key: (key in self.live.evaluations, key)):
            self._tell(key)

    def act(self, deviations: Iterable[str]) -> None:
        """Something was done about these, or they are older."""
        named = set(deviations)
        known = {
            name: one
            for one in self.live.cases.values()
            if (name := records.deviation_id(self._owner, one.name)) in named
        }
        for key in sorted(self._follow(known.values())):
            self._tell(key)
        for name in sorted(named - known.keys()):
            self._answer_strays(name)

    def turn(self, at: int) -> None:
        """It is so late now."""
        self.as_of = max(self.as_of, at)
        evaluations = self.live.evaluations.items()
        self.reckon([key for key, one in evaluations if one.due and one.due <= self.as_of])

    def next_turn(self) -> int | None:
        """When something becomes another thing by itself, of what rules look at."""
        dues = [one.due for one in self.live.evaluations.values() if one.due]
        slides = self.live.timeline.next_change(self.as_of)
        return min([*dues, *([] if slides is None else [slides])], default=None)

    def settle(self) -> None:
        """Bring up to date what follows from the time alone: hours, ages, answers, windows."""
        live = self.live
        hours = {key: one.next_hour for key, one in live.evaluations.items()}
        self.reckon([key for key, at in hours.items() if at and at <= self.as_of])
        self.act([name for name, at in live.ages.items() if at <= self.as_of])
        for key in [key for key, at in live.waiting.items() if at <= self.heard_at]:
            if key in live.evaluations:
                self._tell(key)
            else:
                self._answer_strays(key)
        self._roll()
        for test in sorted(self._moved):
            report = capability(self._owner, test, live.series, self._plan)
            live.own(_CAPABILITY + test, _by_id([] if report is None else [report]))
        self._moved.clear()

    def next_due(self) -> int | None:
        """When a tick has something to find out."""
        hours = (one.next_hour for one in self.live.evaluations.values())
        moments = (self.next_turn(), *hours, *self.live.ages.values(), *self.live.waiting.values())
        return min([at for at in moments if at is not None], default=None)

    def forget(self, key: str) -> None:
        """Keep no more of this dossier, nor of what was done about its deviations."""
        for case in self.live.opened.get(key, ()):
            self.filing.forget_actions(records.deviation_id(self._owner, case.name))
        self.filing.forget(key)

    def _evaluate(self, key: str) -> Iterator[Change]:
        """What the dossier comes to, and which points of its tests change with it."""
        live = self.live
        before, dossier = live.evaluations.pop(key, None), self.filing.dossiers.get(key)
        after = None if dossier is None else self._evaluated(dossier)
        if after is not None:
            live.evaluations[key] = after
        old = dict(before.entries()) if before else {}
        new = dict(after.entries()) if after else {}
        for name in old.keys() - new.keys():
            live.timeline.drop(name)
        for name, entry in new.items():
            if old.get(name) != entry:
                live.timeline.put(name, entry)
        was, now = _points(key, before), _points(key, after)
        for point in sorted(was.keys() | now.keys()):
            if was.get(point) != now.get(point):
                yield point[0], was.get(point), now.get(point)

    def _evaluated(self, dossier: Dossier) -> Evaluation:
        return evaluate(dossier, self._plan, self.as_of, self.filing.spells)

    def _open(self, key: str) -> set[Kind]:
        """The deviations of a dossier; the kinds of those that changed."""
        live, evaluation = self.live, self.live.evaluations.get(key)
        found = live.series.found
        after = tuple(evaluation.all_cases(found)) if evaluation else ()
        before = live.opened.pop(key, ())
        if after:
            live.opened[key] = after
        for gone in set(before) - set(after):
            name = records.deviation_id(self._owner, gone.name)
            live.states.pop(gone.name, None)
            live.ages.pop(name, None)
            live.own(name, {})
            self._answer_strays(name)
        return {one.kind for one in set(before) ^ set(after)}

    def _follow(self, cases: Iterable[Case]) -> set[str]:
        """How far these deviations are; the dossiers of their batches."""
        live, batches, cases = self.live, set[str](), list(cases)
        if not cases:
            return batches
        recurs, openings = span(self._plan.settings.recurrence), self._openings()
        for case in cases:
            name = records.deviation_id(self._owner, case.name)
            found = course(case, self.filing.actions.get(name, ()))
            before = openings[case.kind]
            others = bisect_left(before, case.opened_at)
            others -= bisect_left(before, case.opened_at - recurs)
            told = records.deviation(self._owner, case, found, others, self.as_of)
            answers = telling.of_course(self._owner, found)
            entries = auditing.of_course(self._owner, case, found)
            live.own(name, _by_id([told, *answers], entries))
            live.states[case.name] = found.state
            live.ages.pop(name, None)
            live.waiting.pop(name, None)
            if found.state != "closed":
                live.ages[name] = case.opened_at + (told.age_days + 1) * DAY
            if case.batch is not None:
                batches.add(key_of(case.batch))
        return batches & live.evaluations.keys()

    def _openings(self) -> dict[Kind, list[int]]:
        """When the deviations of each kind were opened, in order."""
        found: dict[Kind, list[int]] = {}
        for one in sorted(self.live.cases.values(), key=lambda case: case.opened_at):
            found.setdefault(one.kind, []).append(one.opened_at)
        return found

    def _tell(self, key: str) -> None:
        """All records of a dossier."""
        live, evaluation = self.live, self.live.evaluations.get(key)
        live.waiting.pop(key, None)
        if evaluation is None:
            live.own(key, {})
            live.owned.pop(key, None)
            return
        owner, found = self._owner, live.series.found
        told: list[Told] = [
            records.judged(owner, one, one.verdict_with(found)) for one in evaluation.results
        ]
        told += records.of_batch(owner, evaluation, self._plan)
        opened = live.opened.get(key, ())
        still = sum(live.states.get(one.name) != "closed" for one in opened)
        release = records.release(owner, evaluation, still)
        told += [] if release is None else [release]
        answers, waits = telling.of_dossier(owner, evaluation, self.heard_at)
        if waits is not None:
            live.waiting[key] = waits
        entries = auditing.of_dossier(owner, evaluation)
        live.own(key, _by_id([*told, *answers], entries))

    def _answer_strays(self, deviation: str) -> None:
        """Steps that are about no deviation that is known."""
        actions = self.filing.actions.get(deviation, ())
        answers, waits = telling.of_strays(self._owner, actions, self.heard_at)
        self.live.waiting.pop(deviation, None)
        if waits is not None:
            self.live.waiting[deviation] = waits
        self.live.own(deviation, _by_id(answers))

    def _roll(self) -> None:
        """The windows that end now; what was told of one once is told until it is empty."""
        told: list[Told] = []
        for window in LENGTHS:
            figures = self.live.timeline.figures(window, self.as_of)
            known = (one for one in self.live.rolling if one[0] == window)
            abouts = dict.fromkeys([*figures, *(about for _, about in known)])
            for about in abouts:
                figure = figures.get(about, NOTHING)
                if figure == NOTHING and (window, about) not in self.live.rolling:
                    continue
                self.live.rolling[window, about] = None
                of, settings = (about, figure), self._plan.settings
                told.append(records.rolling(self._owner, window, of, self.as_of, settings))
        self.live.own(_ROLLING, _by_id(told))


def _points(key: str, evaluation: Evaluation | None) -> dict[tuple[str, str], Point]:
    """The numbers that were judged, by test and result; one that stands for many is no point."""
    found: dict[tuple[str, str], Point] = {}
    for one in evaluation.results if evaluation else ():
        number, name = one.newest.number, one.first.statement
        is_exact = one.newest.comparator is None
        if number is not None and is_exact and one.verdict.is_judged:
            charted = max(-LARGEST_NUMBER, min(number, LARGEST_NUMBER))
            found[one.newest.test, name] = Point(one.root.at, name, charted, one.sampled_at, key)
    return found


def _by_id(told: Iterable[Told], entries: Iterable[AuditEntry] = ()) -> dict[str, Record]:
    return {one.record_id(): one for one in told} | {one.id: one for one in entries}
