"""Control charts as what says that a result is out of trend: limits and rules of a specification.

Runs do not reach across specifications: a later one begins a new chart.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from processors.quality.charts.chart import Plotted, Point as Plot, Violation
from processors.quality.charts.limits import (
    IndividualsLimits,
    Limits,
    SubgroupLimits,
    fixed_individuals,
    fixed_subgroups,
    individuals_limits,
    subgroup_limits,
)
from processors.quality.charts.pairs import (
    Subgroup,
    observe_individual,
    observe_subgroup,
    start_individuals,
    start_subgroups,
)
from processors.quality.charts.rules import Rule
from processors.quality.trends import Point
from schemas.plant.quality import Specification, TrendRules

_TOLD = {
    Plotted.INDIVIDUALS: "results",
    Plotted.MOVING_RANGES: "moving ranges",
    Plotted.MEANS: "means",
    Plotted.RANGES: "ranges",
}


class Charted(NamedTuple):
    """What completed which rules, by the result that is the last of it."""

    result: str
    found: Sequence[Violation]


def out_of_control(
    points: Sequence[Point], specification: Specification, since: int = 0
) -> Mapping[str, str]:
    """Which results complete run rules, from this index on; implements `trends.Trend`.

    Of a subgroup it is the last of its results.
    """
    if specification.trend is None:
        return {}
    if specification.trend.subgroup:
        limits = _of_subgroups(specification, specification.trend)
        charted = _grouped(points, limits, specification.trend)
        shown = {Plotted.MEANS: limits.means, Plotted.RANGES: limits.ranges}
    else:
        single = _of_individuals(specification, specification.trend)
        charted = _single(points, single, specification.trend)
        shown = {Plotted.INDIVIDUALS: single.individuals, Plotted.MOVING_RANGES: single.ranges}
    asked = {one.result for one in points[since:]}
    return {
        one.result: "; ".join(_because(each, shown[each.plotted]) for each in one.found)
        for one in charted
        if one.found and one.result in asked
    }


def subgroups(points: Sequence[Point], size: int) -> list[Sequence[Point]]:
    """Results of one batch in their order; complete ones, by when the last of it was tested."""
    complete: list[Sequence[Point]] = []
    begun: dict[str, list[Point]] = {}
    for point in points:
        group = begun.setdefault(point.home, [])
        group.append(point)
        if len(group) == size:
            complete.append(begun.pop(point.home))
    return complete


def _single(
    points: Sequence[Point], limits: IndividualsLimits, asked: TrendRules
) -> Iterator[Charted]:
    chart = start_individuals(limits, _rules(asked))
    for one in points:
        chart, found = observe_individual(chart, Plot(one.result, one.number))
        yield Charted(one.result, found)


def _grouped(
    points: Sequence[Point], limits: SubgroupLimits, asked: TrendRules
) -> Iterator[Charted]:
    chart = start_subgroups(limits, _rules(asked))
    for group in subgroups(points, limits.size):
        name = group[-1].result
        chart, found = observe_subgroup(chart, Subgroup(name, [one.number for one in group]))
        yield Charted(name, found)


def _rules(asked: TrendRules) -> frozenset[Rule]:
    return frozenset(map(Rule, asked.rules))


def _because(violation: Violation, limits: Limits) -> str:
    told = f"{violation.rule} of {_TOLD[violation.plotted]}"
    return f"{told}, {len(violation.points)} of them, limits {limits.lcl:.6g} to {limits.ucl:.6g}"


def _of_individuals(specification: Specification, asked: TrendRules) -> IndividualsLimits:
    if asked.baseline is not None:
        return _from(tuple(asked.baseline))
    lines = _lines(specification)
    return fixed_individuals(lines.center, lines.sigma)


def _of_subgroups(specification: Specification, asked: TrendRules) -> SubgroupLimits:
    size = asked.subgroup or 1
    if asked.baseline is not None:
        return _from_groups(tuple(asked.baseline), size)
    lines = _lines(specification)
    return fixed_subgroups(lines.center, lines.sigma * math.sqrt(size), size)


def _lines(specification: Specification) -> Limits:
    """The lines of the plant file: of results, or of the means of subgroups."""
    control = specification.control
    if control is None or control.lower is None or control.upper is None:
        raise ValueError(f"{specification.test} has a trend and no control limits")
    return Limits.between(control.lower, control.upper)


@lru_cache(maxsize=1_000)
def _from(baseline: tuple[float, ...]) -> IndividualsLimits:
    return individuals_limits(baseline)


@lru_cache(maxsize=1_000)
def _from_groups(baseline: tuple[float, ...], size: int) -> SubgroupLimits:
    return subgroup_limits([baseline[at : at + size] for at in range(0, len(baseline), size)])
