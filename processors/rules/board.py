"""One state while facts are applied to it: what is known, the rules that look at it, their alerts.

Facts come in the order of their own time, signal by signal. One that is older than the newest of
its signal is late: it is judged on a second track of each rule, beside the present.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from processors.rules.adoption import LATE, is_watched, silences_begun
from processors.rules.life import Change, abandon
from processors.rules.plan import RulesPlan, Watched
from processors.rules.signals import STATE, Fact, Late, Signal, extended, heard, lost, tag, trace
from processors.rules.state import Instance, RulesState
from processors.rules.stepping import Known, Stepped, due_after, step, told
from processors.rules.times import MINUTE, NEVER, instant
from schemas.alerts import AlertTransition

LATE_QUIET = 5 * MINUTE
"""No late facts for so long: what they raised is resolved by what is known by now."""


@dataclass(frozen=True, slots=True)
class Note:
    """One look at a rule, for those who ask why it fired or did not."""

    key: str
    at: int
    stepped: Stepped
    is_late: bool


Watch = Callable[[Note], None]


class Board:
    """Takes a state, applies facts, gives the state that follows and what was told."""

    def __init__(self, state: RulesState, plan: RulesPlan, watch: Watch | None = None) -> None:
        self._before, self._plan, self._watch = state, plan, watch
        self.signals = dict(state.signals)
        self.marks = dict(state.marks)
        self.external = dict(state.external)
        self.born, self.seen = state.born, state.seen
        self.told: list[AlertTransition] = []
        self._instances = dict(state.instances)
        self._dues: dict[str, int] | None = None if state.dues is None else dict(state.dues)
        if state.plant_version != plan.version:
            self._dues = None

    def hear(self, at: int) -> None:
        """Something was said at this time; the first thing begins all silences."""
        if self.born == NEVER:
            self.born, self._dues = at, None
        self.seen = max(self.seen, at)
        if self._dues is None:
            self._adopt(at)
        self._close_late()

    def apply(self, facts: Iterable[Fact]) -> None:
        """What is so from some instants on, in their order; those of one instant are one."""
        for at, together in groupby(facts, key=lambda fact: fact.at):
            news: dict[str, Signal] = {}
            for fact in together:
                self._sort_in(fact, news)
            self.change(at, news)

    def change(self, at: int, news: dict[str, Signal]) -> None:
        """These signals are so from this instant on."""
        concerned = {one.key: one for name in news for one in self._watchers(name)}
        for one in concerned.values():
            self._run(one, at)
        self.signals.update(news)
        for one in concerned.values():
            self._observe(one, at)

    def miss(self, at: int) -> None:
        """Nobody saw what was: values are not known until they are told again; a state goes on."""
        known = {name: one.at for name, one in self.signals.items() if name.startswith("tag|")}
        heard_at = dict.fromkeys(map(tag, self._plan.tags), NEVER) | known
        news = {name: Signal(at, None) for name, then in heard_at.items() if then < at}
        for name in tuple(news):
            news |= lost(name.removeprefix("tag|"), at, self.signals, self._plan.spans)
        self.change(at, news)

    def tick(self, now: int) -> None:
        """Find out what is due by now."""
        if self._dues is None:
            self._adopt(now)
        dues = self._dues or {}
        for key in sorted(key for key, at in dues.items() if at <= now):
            self._run(self._plan.watched[key], now)

    def was_late(self, name: str, late: Late) -> None:
        """Something was so for a while, and is over as is known by now."""
        for one in self._watchers(name):
            if one.key + LATE not in self._instances and not self._covers(one, late.at):
                self._step_late(one, late.at, (name, late.signal))
                self._run_late(one, late.until)
                self._leave(one, late.until)

    def state(self) -> RulesState:
        """What follows."""
        before = self._before
        dues = {} if self._dues is None else self._dues
        ends = [one.ends for one in self.external.values() if one.ends is not None]
        return RulesState(
            run=before.run,
            about=before.about,
            plant_version=self._plan.version,
            born=self.born,
            seen=self.seen,
            marks=self.marks,
            signals=self.signals,
            instances=self._instances,
            external=self.external,
            next_due=min([*dues.values(), *ends], default=None),
            dues=dues,
        )

    def _watchers(self, name: str) -> Sequence[Watched]:
        return self._plan.by_signal.get(name, ())

    def _sort_in(self, fact: Fact, news: dict[str, Signal]) -> None:
        """To what is new, or to what is late; what is known already is left out."""
        known = self.signals.get(fact.name)
        if known is not None and fact.at < known.at:
            if fact.name == STATE or fact.name.startswith("tag|"):
                self._late(fact, known.at)
            return
        if known is not None and known == (fact.at, fact.value):
            return
        news[fact.name] = Signal(fact.at, fact.value)
        _, is_tag, name = fact.name.partition("tag|")
        if is_tag and fact.value is None:
            news |= lost(name, fact.at, self.signals, self._plan.spans)
        elif is_tag:
            self._follow(name, fact, news)

    def _follow(self, name: str, fact: Fact, news: dict[str, Signal]) -> None:
        """What else a value of a tag says: that it was heard of, and how fast it changes."""
        if self._watchers(heard(name)):
            news[heard(name)] = Signal(fact.at, True)
        if isinstance(fact.value, str):
            return
        for per in self._plan.spans.get(name, ()):
            called = trace(name, per)
            news[called] = extended(self.signals.get(called), fact.at, fact.value, per)

    def _run(self, watched: Watched, until: int) -> None:
        """All that is due up to this instant, each at its own time."""
        dues = self._dues or {}
        while (at := dues.get(watched.key)) is not None and at <= until:
            self._step(watched, at)

    def _observe(self, watched: Watched, at: int) -> None:
        """Look at it now; never before something that it looked at already."""
        at = max(at, self._looked_at(watched))
        self._run(watched, at)
        self._step(watched, at)

    def _looked_at(self, watched: Watched) -> int:
        known = (self.signals[name].at for name in watched.signals if name in self.signals)
        instance = self._instances.get(watched.key)
        return max([*known, instance.at if instance else NEVER])

    def _step(self, watched: Watched, at: int) -> None:
        instance = self._instance(watched, watched.key)
        done = step(watched, instance, at, Known(self.signals, self.born))
        if self._dues is not None:
            if done.due is None:
                self._dues.pop(watched.key, None)
            else:
                self._dues[watched.key] = done.due
        self._keep(watched.key, self._tell(watched, done, is_late=False))

    def _instance(self, watched: Watched, key: str) -> Instance:
        return self._instances.get(key) or Instance(shape=watched.shape)

    def _keep(self, key: str, instance: Instance) -> None:
        if instance.is_at_rest:
            self._instances.pop(key, None)
        else:
            self._instances[key] = instance

    def _tell(self, watched: Watched, done: Stepped, *, is_late: bool) -> Instance:
        if self._watch is not None:
            self._watch(Note(watched.key, done.instance.at, done, is_late))
        newest = done.instance.told
        for one in done.changes:
            newest = told(watched, one, done, self._common() | {"late": is_late})
            self.told.append(newest)
        if newest is done.instance.told is None and done.instance.shape == watched.shape:
            return done.instance
        kept = None if done.instance.life.phase == "inactive" else newest
        return replace(done.instance, told=kept, shape=watched.shape)

    def _common(self) -> dict[str, Any]:
        run, version, site = self._before.run, self._plan.version, self._plan.site
        return {"run": run, "plant_version": version, "site": site}

    def _late(self, fact: Fact, newest: int) -> None:
        for one in self._watchers(fact.name):
            key = one.key + LATE
            known = self._instances.get(key)
            if known is not None and fact.at < known.at:
                continue
            self._run_late(one, fact.at)
            if self._covers(one, fact.at):
                self._leave(one, fact.at)
                continue
            self._step_late(one, fact.at, (fact.name, Signal(fact.at, fact.value)))
            if key in self._instances:
                closes = max(self.seen, newest) + LATE_QUIET
                late = replace(self._instances[key], newest=newest, closes=closes)
                self._instances[key] = late

    def _covers(self, watched: Watched, at: int) -> bool:
        """Whether the alert of the present has told of this instant already."""
        instance = self._instances.get(watched.key)
        return instance is not None and instance.life.covers(at)

    def _step_late(
        self, watched: Watched, at: int, overlay: tuple[str, Signal] | None = None
    ) -> None:
        key = watched.key + LATE
        instance = self._instance(watched, key)
        instance = replace(instance, overlay=overlay or instance.overlay)
        done = step(watched, instance, at, self._known_to(instance))
        self._keep(key, self._tell(watched, done, is_late=True))

    def _known_to(self, late: Instance) -> Known:
        overlay = dict([late.overlay]) if late.overlay else {}
        return Known({**self.signals, **overlay}, self.born)

    def _run_late(self, watched: Watched, until: int) -> None:
        """What was due on the second track, by what was known there."""
        while (late := self._instances.get(watched.key + LATE)) is not None:
            at = due_after(watched, late, late.at, self._known_to(late))
            if at is None or at > until:
                return
            self._step_late(watched, at)

    def _leave(self, watched: Watched, at: int) -> None:
        """The second track ends."""
        late = self._instances.pop(watched.key + LATE, None)
        if late is not None:
            self._end(watched, late, at)

    def _end(self, watched: Watched, instance: Instance, at: int) -> None:
        for one in abandon(instance.life, watched.timing, at)[1]:
            self._resolve(instance, one)

    def _resolve(self, instance: Instance, change: Change) -> None:
        if instance.told is not None:
            over = {"state": "resolved", "at": instant(change.at), **self._common()}
            self.told.append(instance.told.model_copy(update=over))

    def _close_late(self) -> None:
        ended = [
            (name, one)
            for name, one in self._instances.items()
            if name.endswith(LATE) and self.seen > one.closes
        ]
        for name, one in ended:
            self._leave(self._plan.watched[name.removesuffix(LATE)], one.newest)

    def _adopt(self, at: int) -> None:
        """Another plant file, or the state was just read: find out anew what is due.

        An alert whose rule is no more is resolved; the others are looked at with the new limits.
        """
        is_new = self._before.plant_version not in {"", self._plan.version}
        self._dues = {}
        for key, instance in list(self._instances.items()):
            if not is_watched(self._plan, key, instance):
                del self._instances[key]
                moment = max(at, instance.at, instance.life.at)
                if instance.life.phase != "inactive":
                    self._resolve(instance, Change("resolved", moment, instance.life))
        if is_new:
            self.signals = silences_begun(self._plan, self._instances, self.signals, self.seen)
        self._look_ahead(at, is_new=is_new)

    def _look_ahead(self, at: int, *, is_new: bool) -> None:
        """When each rule is due, by what it looked at last."""
        for key, watched in self._plan.watched.items():
            looked_at = self._looked_at(watched)
            looked_at = self.born if looked_at == NEVER else looked_at
            known, instance = Known(self.signals, self.born), self._instance(watched, key)
            if looked_at == NEVER:
                continue
            due = due_after(watched, instance, looked_at, known)
            if due is not None and self._dues is not None:
                self._dues[key] = due
            if is_new and any(name in self.signals for name in watched.signals):
                self._observe(watched, at)
