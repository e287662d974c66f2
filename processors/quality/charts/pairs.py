"""Charts come in pairs: of single values and moving ranges, of means and ranges."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

from processors.quality.charts.chart import (
    ChartState,
    Plotted,
    Point,
    Violation,
    fields_of,
    observe,
    of_fields,
    restarted,
)
from processors.quality.charts.limits import IndividualsLimits, SubgroupLimits, range_of
from processors.quality.charts.rules import LIMIT_RULES, NELSON, Rule


class Subgroup(NamedTuple):
    """Values measured together."""

    key: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Individuals:
    """An I-MR chart and the value before."""

    individuals: ChartState
    ranges: ChartState
    last: float | None = None

    def dump(self) -> list[Any]:
        """Plain values of JSON."""
        return [fields_of(self.individuals), fields_of(self.ranges), self.last]

    @classmethod
    def load(cls, fields: list[Any]) -> "Individuals":
        """The charts that `dump` gave."""
        individuals, ranges, last = fields
        return cls(of_fields(individuals), of_fields(ranges), last)


@dataclass(frozen=True, slots=True)
class Subgroups:
    """An X̄-R chart."""

    means: ChartState
    ranges: ChartState
    size: int

    def dump(self) -> list[Any]:
        """Plain values of JSON."""
        return [fields_of(self.means), fields_of(self.ranges), self.size]

    @classmethod
    def load(cls, fields: list[Any]) -> "Subgroups":
        """The charts that `dump` gave."""
        means, ranges, size = fields
        return cls(of_fields(means), of_fields(ranges), size)


def start_individuals(limits: IndividualsLimits, rules: frozenset[Rule] = NELSON) -> Individuals:
    """An I-MR chart without points; ranges are judged by their limits only."""
    return Individuals(
        ChartState(Plotted.INDIVIDUALS, limits.individuals, rules),
        ChartState(Plotted.MOVING_RANGES, limits.ranges, rules & LIMIT_RULES),
    )


def start_subgroups(limits: SubgroupLimits, rules: frozenset[Rule] = NELSON) -> Subgroups:
    """An X̄-R chart without points; ranges are judged by their limits only."""
    return Subgroups(
        ChartState(Plotted.MEANS, limits.means, rules),
        ChartState(Plotted.RANGES, limits.ranges, rules & LIMIT_RULES),
        limits.size,
    )


def observe_individual(
    state: Individuals, point: Point
) -> tuple[Individuals, tuple[Violation, ...]]:
    """Both charts with one more value; the first has no moving range.

    Raises:
        ValueError: the value is no finite number.
    """
    individuals, found = observe(state.individuals, point)
    ranges = state.ranges
    if state.last is not None:
        ranges, more = observe(ranges, Point(point.key, abs(point.value - state.last)))
        found += more
    return Individuals(individuals, ranges, point.value), found


def observe_subgroup(
    state: Subgroups, subgroup: Subgroup
) -> tuple[Subgroups, tuple[Violation, ...]]:
    """Both charts with one more subgroup.

    Raises:
        ValueError: it has not as many values as the limits are for, or one is no finite number.
    """
    key, values = subgroup
    if len(values) != state.size:
        told = f"Subgroup {key} has {len(values)} values, its limits are for {state.size}"
        raise ValueError(f"{told}: wait for all values, or leave the subgroup out")
    means, found = observe(state.means, Point(key, fmean(values)))
    ranges, more = observe(state.ranges, Point(key, range_of(values)))
    return Subgroups(means, ranges, state.size), found + more


def restart_individuals(state: Individuals) -> Individuals:
    """Without their past: runs and moving ranges begin anew."""
    return Individuals(restarted(state.individuals), restarted(state.ranges))


def restart_subgroups(state: Subgroups) -> Subgroups:
    """Without their past: runs begin anew."""
    return Subgroups(restarted(state.means), restarted(state.ranges), state.size)
