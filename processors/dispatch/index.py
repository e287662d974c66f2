"""Which alerts have a label, which inhibit which, and which silences may concern one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from processors.dispatch.plan import DispatchPlan
from processors.dispatch.routes import routing_labels
from processors.dispatch.state import Alert, KnownSilence
from processors.dispatch.tables import Sets
from schemas.acts import Matcher
from schemas.alerts import MAINTENANCE
from schemas.plant.alerts.matchers import are_met

Pair = tuple[str, str]
_LOOSE: Pair = ("", "")
"""Silences that say of no label what it has to be."""


class Place(NamedTuple):
    """An inhibition of the plant file, and the labels that have to be the same in both alerts."""

    rule: int
    values: tuple[str, ...]


class Part(NamedTuple):
    """What an alert is in an inhibition."""

    place: Place
    is_source: bool
    is_target: bool


class Index:
    """Follows from the alerts and silences, under one version of the plant file."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.labels: Sets[Pair] = Sets()
        self.maintained: Sets[str] = Sets()
        self._sources: Sets[Place] = Sets()
        self._only_sources: Sets[Place] = Sets()
        self._targets: Sets[Place] = Sets()
        self._silences: Sets[Pair] = Sets()

    def fork(self) -> "Index":
        """A copy; after this neither of both may be changed but the copy."""
        other = Index(self.version)
        for name, found in vars(self).items():
            if isinstance(found, Sets):
                setattr(other, name, found.fork())
        return other

    def add(self, alert: Alert, plan: DispatchPlan) -> list[Place]:
        """An alert fires; the inhibitions that begin with it."""
        labels = routing_labels(alert.alert)
        for pair in labels.items():
            self.labels.add(pair, alert.id)
        if labels.get("alertname") == MAINTENANCE and "equipment" in labels:
            self.maintained.add(labels["equipment"], alert.id)
        begun = []
        for place, is_source, is_target in _parts(labels, plan):
            if is_target:
                self._targets.add(place, alert.id)
            if is_source and not is_target:
                begun += [place] * self._only_sources.add(place, alert.id)
            if is_source:
                begun += [place] * self._sources.add(place, alert.id)
        return begun

    def remove(self, alert: Alert, plan: DispatchPlan) -> list[Place]:
        """An alert does not fire any more, or not so; the inhibitions that end with it."""
        labels = routing_labels(alert.alert)
        for pair in labels.items():
            self.labels.discard(pair, alert.id)
        self.maintained.discard(labels.get("equipment", ""), alert.id)
        ended = []
        for place, is_source, _ in _parts(labels, plan):
            for found in (self._sources, self._only_sources) if is_source else ():
                found.discard(place, alert.id)
                ended += [place] * (not found.count(place))
            self._targets.discard(place, alert.id)
        return ended

    def inhibitions_of(self, labels: Mapping[str, str], plan: DispatchPlan) -> Iterator[str]:
        """What inhibits an alert with these labels; one that is on both sides not its own kind."""
        for place, is_source, is_target in _parts(labels, plan):
            sources = self._only_sources if is_source else self._sources
            if is_target and sources.count(place):
                yield plan.because[place.rule]

    def targets(self, places: Iterable[Place]) -> list[str]:
        """The alerts on which these inhibitions bear."""
        return sorted({name for place in places for name in self._targets.of(place)})

    def watch(self, silence: KnownSilence) -> None:
        """A silence begins."""
        self._silences.add(_pair_of(silence), silence.id)

    def forget(self, silence: KnownSilence) -> None:
        """A silence is over."""
        self._silences.discard(_pair_of(silence), silence.id)

    def silences_near(self, labels: Mapping[str, str]) -> Iterator[str]:
        """The silences that may concern an alert with these labels."""
        for pair in (*labels.items(), _LOOSE):
            yield from self._silences.of(pair)

    def alerts_near(self, matchers: Iterable[Matcher]) -> list[str] | None:
        """The alerts that may meet these matchers; None is all."""
        pairs = [(one.name, one.value) for one in matchers if _is_plain(one)]
        if not pairs:
            return None
        return self.labels.of(min(pairs, key=self.labels.count))


def _parts(labels: Mapping[str, str], plan: DispatchPlan) -> Iterator[Part]:
    for number, rule in enumerate(plan.inhibitions):
        is_source, is_target = are_met(rule.source, labels), are_met(rule.target, labels)
        if is_source or is_target:
            values = tuple(labels.get(name, "") for name in rule.equal)
            yield Part(Place(number, values), is_source, is_target)


def _is_plain(matcher: Matcher) -> bool:
    return matcher.is_equal and not matcher.is_regex and matcher.value != ""


def _pair_of(silence: KnownSilence) -> Pair:
    matchers = silence.silence.matchers if silence.silence is not None else []
    return next(((one.name, one.value) for one in matchers if _is_plain(one)), _LOOSE)
