"""Capability of a test of a product, by its newest results."""

from collections.abc import Sequence

from processors.quality.charts.capability import (
    Capability,
    Specification as Allowed,
    individuals_capability,
    interval,
    subgroups_capability,
)
from processors.quality.control import subgroups
from processors.quality.plan import QualityPlan
from processors.quality.records import Owner
from processors.quality.trends import Point, Series
from processors.rules.times import instant
from schemas.plant.quality import Specification
from schemas.quality import CapabilityReport


def capability(
    owner: Owner, test: str, series: Series, plan: QualityPlan
) -> CapabilityReport | None:
    """Of the newest results under one specification; None without numbers or limits."""
    points = series.newest(test, plan, plan.settings.capability_results)
    specification = plan.specification(test, points[-1].sampled_at) if points else None
    if specification is None or specification.limits is None:
        return None
    limits, size = specification.limits, _size(specification)
    groups = subgroups(points, size) if size else []
    found = _reckoned(points, groups, Allowed(limits.lower, limits.upper))
    bounds = interval(found.cpk, found.values) or (None, None)
    return CapabilityReport(
        **owner.fields,
        test=test,
        chart="subgroups" if groups else "individuals",
        start=instant(points[0].at),
        end=instant(points[-1].at),
        results=found.values,
        unit=specification.unit,
        lower=limits.lower,
        upper=limits.upper,
        mean=found.mean,
        within_sigma=found.within_sigma,
        overall_sigma=found.overall_sigma,
        cp=found.cp,
        cpk=found.cpk,
        cpk_lower=bounds[0],
        cpk_upper=bounds[1],
        pp=found.pp,
        ppk=found.ppk,
    )


def _reckoned(
    points: Sequence[Point], groups: Sequence[Sequence[Point]], allowed: Allowed
) -> Capability:
    if groups:
        return subgroups_capability([[one.number for one in some] for some in groups], allowed)
    return individuals_capability([one.number for one in points], allowed)


def _size(specification: Specification) -> int | None:
    return None if specification.trend is None else specification.trend.subgroup
