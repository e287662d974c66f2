"""One control chart, point by point: what is remembered of it, and what each point violates."""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from processors.quality.charts.limits import Limits
from processors.quality.charts.rules import REACH, Rule, completed

State = TypeVar("State")
Item = TypeVar("Item")
_DECIMALS = 9
"""Of a distance in sigmas: a value on a line is on it although floats are not exact."""
_FARTHEST = 1e9
_COMPACT = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class Plotted(StrEnum):
    """What a chart shows."""

    INDIVIDUALS = "individuals"
    MOVING_RANGES = "moving_ranges"
    MEANS = "means"
    RANGES = "ranges"


class Point(NamedTuple):
    """A value to plot; the key is the caller's, and tells it from all others of the chart."""

    key: str
    value: float


class Seen(NamedTuple):
    """A point that was plotted: its distance from the centre line in sigmas."""

    key: str
    distance: float


@dataclass(frozen=True, slots=True)
class Violation:
    """A run rule that a point completed."""

    rule: Rule
    plotted: Plotted
    points: tuple[str, ...]
    """Keys of all points that make the pattern, in order; the last completed it."""

    @property
    def source(self) -> str:
        """Where the rule was published."""
        return self.rule.source


@dataclass(frozen=True, slots=True)
class ChartState:
    """A chart and its last points; limits that change begin a new one."""

    plotted: Plotted
    limits: Limits
    rules: frozenset[Rule]
    recent: tuple[Seen, ...] = ()
    """At most as many as the longest rule looks at, oldest first."""


def observe(state: ChartState, point: Point) -> tuple[ChartState, tuple[Violation, ...]]:
    """The chart with one more point, and what this point completed, in the order of the rules.

    Raises:
        ValueError: the value is no finite number.
    """
    seen = Seen(point.key, distance(state.limits, point.value))
    recent = (*state.recent, seen)[-REACH:]
    return replace(state, recent=recent), tuple(_violations(state, recent))


def rejudge(
    state: ChartState, points: Iterable[Point], *, since: int = 0
) -> tuple[ChartState, tuple[Violation, ...]]:
    """What these points in their right order violate, from index `since` on.

    For a point that was late or corrected: the state is that before the first one. A started chart
    will do as well if REACH - 1 points stand before `since`; no rule looks farther back.
    """
    return in_order(observe, state, points, since=since)


def in_order(
    observed: Callable[[State, Item], tuple[State, tuple[Violation, ...]]],
    state: State,
    items: Iterable[Item],
    *,
    since: int = 0,
) -> tuple[State, tuple[Violation, ...]]:
    """One item after the other, and all violations from index `since` on."""
    found: list[Violation] = []
    for index, item in enumerate(items):
        state, violations = observed(state, item)
        if index >= since:
            found.extend(violations)
    return state, tuple(found)


def restarted(state: ChartState) -> ChartState:
    """The chart without its past: after the process was put right, runs begin anew."""
    return replace(state, recent=())


def distance(limits: Limits, value: float) -> float:
    """How many sigmas a value is above the centre line.

    Raises:
        ValueError: the value is no finite number.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be plotted: leave values out that were not measured")
    sigmas = (value - limits.center) / limits.sigma
    return round(max(-_FARTHEST, min(_FARTHEST, sigmas)), _DECIMALS) + 0.0


def dump(state: ChartState) -> bytes:
    """The state as JSON."""
    return _COMPACT.encode(fields_of(state)).encode()


def load(written: bytes) -> ChartState:
    """The state that `dump` gave."""
    return of_fields(json.loads(written))


def fields_of(state: ChartState) -> list[Any]:
    """The state as plain values of JSON."""
    limits = [state.limits.center, state.limits.sigma, state.limits.floor]
    return [state.plotted, limits, sorted(state.rules), [list(seen) for seen in state.recent]]


def of_fields(fields: list[Any]) -> ChartState:
    """The state of these values."""
    plotted, limits, rules, recent = fields
    return ChartState(
        plotted=Plotted(plotted),
        limits=Limits(*limits),
        rules=frozenset(map(Rule, rules)),
        recent=tuple(Seen(*seen) for seen in recent),
    )


def _violations(state: ChartState, recent: tuple[Seen, ...]) -> Iterable[Violation]:
    distances = [seen.distance for seen in recent]
    for rule in Rule:
        indices = completed(rule, distances) if rule in state.rules else ()
        if indices:
            yield Violation(rule, state.plotted, tuple(recent[index].key for index in indices))
