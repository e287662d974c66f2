"""Control charts as what says that a result is out of trend: limits and rules of a specification.

Runs do not reach across specifications: a later one begins a new chart.
"""

from collections.abc import Sequence
from functools import lru_cache

from processors.quality.charts.chart import Plotted, Point as Plot, Violation, in_order
from processors.quality.charts.limits import (
    IndividualsLimits,
    Limits,
    fixed_individuals,
    individuals_limits,
)
from processors.quality.charts.pairs import Individuals, observe_individual, start_individuals
from processors.quality.charts.rules import Rule
from processors.quality.trends import Point
from schemas.plant.quality import Specification

_TOLD = {Plotted.INDIVIDUALS: "results", Plotted.MOVING_RANGES: "moving ranges"}


def out_of_control(points: Sequence[Point], specification: Specification) -> str | None:
    """Which run rules the last of these results completes; implements `trends.Trend`."""
    chart = _chart(specification)
    if chart is None:
        return None
    plots = [Plot(one.result, one.number) for one in points]
    _, found = in_order(observe_individual, chart, plots, since=len(plots) - 1)
    return "; ".join(_because(one, chart) for one in found) or None


def _because(violation: Violation, chart: Individuals) -> str:
    is_single = violation.plotted is Plotted.INDIVIDUALS
    limits = (chart.individuals if is_single else chart.ranges).limits
    told = f"{violation.rule} of {_TOLD[violation.plotted]}"
    return f"{told}, {len(violation.points)} of them, limits {limits.lcl:.6g} to {limits.ucl:.6g}"


def _chart(specification: Specification) -> Individuals | None:
    """A chart without points; None where none is asked for."""
    trend, control = specification.trend, specification.control
    if trend is None:
        return None
    rules = frozenset(map(Rule, trend.rules))
    if trend.baseline is not None:
        return start_individuals(_from(tuple(trend.baseline)), rules)
    if control is None or control.lower is None or control.upper is None:
        return None
    lines = Limits.between(control.lower, control.upper)
    return start_individuals(fixed_individuals(lines.center, lines.sigma), rules)


@lru_cache(maxsize=1_000)
def _from(baseline: tuple[float, ...]) -> IndividualsLimits:
    return individuals_limits(baseline)
