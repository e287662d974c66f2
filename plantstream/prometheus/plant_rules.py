"""The rules of a plant file, as Prometheus can see them: by the metrics of the plant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from plantstream.prometheus.rule import Rule, span
from schemas.plant.alerts.conditions import (
    AndonIs,
    CountIs,
    FigureIs,
    Limits,
    QualityIs,
    ReleasePending,
    StateLasts,
    TagIs,
)
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.model import Plant
from sinks.metrics.quality import RATE, slug
from sinks.metrics.units import Unit, units_of

_HOUR = timedelta(hours=1)
_SERIES = {
    "temperature": ("reactor_temperature_celsius", "reactor_id"),
    "pressure": ("reactor_pressure_bar", "reactor_id"),
    "mixing_speed": ("reactor_mixing_speed_rpm", "reactor_id"),
    "throughput": ("station_throughput_units_per_hour", "station_id"),
    "queue_length": ("station_queue_length", "station_id"),
}
"""Metric, and the label that names the equipment, by what a tag measures."""
_LEVELS = {
    "site": '{equipment="",line=""}',
    "line": '{equipment="",line!=""}',
    "equipment": '{equipment!=""}',
}


class Seen(NamedTuple):
    """What a condition comes to."""

    expr: str
    told: str
    """One line with the value, in the words of Prometheus' templates."""


class Written(NamedTuple):
    """The rules of a plant file, and those that Prometheus has no metric for."""

    factory: Sequence[Rule]
    quality: Sequence[Rule]
    left_out: Sequence[str]


def written(plant: Plant) -> Written:
    """The rules of this plant file; `area: quality` makes one a rule of quality."""
    factory: list[Rule] = []
    quality: list[Rule] = []
    left_out = []
    for rule in plant.alert_rules:
        seen = _seen(rule, plant)
        if seen is None:
            left_out.append(rule.alert)
            continue
        where = quality if rule.labels.get("area") == "quality" else factory
        where.append(
            Rule(
                alert=rule.alert,
                expr=seen.expr,
                severity=rule.severity,
                summary=seen.told,
                description=_text(rule) or "Limit and span are those of the plant file.",
                hold=rule.for_,
                labels=rule.labels,
            )
        )
    return Written(factory, quality, left_out)


def _seen(rule: AlertRule, plant: Plant) -> Seen | None:
    see: Callable[[Any, AlertRule, Plant], Seen | None] | None = _SEEN.get(type(rule.when))
    return None if see is None else see(rule.when, rule, plant)


def _figure(when: FigureIs, rule: AlertRule, plant: Plant) -> Seen | None:
    """Percent; outside of planned time there is no series, so that nothing fires."""
    del rule
    if when.figure != "oee" or when.of not in _LEVELS:
        return None
    name = f"{plant.metrics_prefix}overall_equipment_efficiency{_LEVELS[when.of]}"
    what = {"site": "the plant", "line": "{{ $labels.line }}"}.get(
        when.of, "{{ $labels.equipment }}"
    )
    expr, limit = _beyond(name, when, 100)
    return Seen(expr, f'OEE of {what} at {{{{ printf "%.1f" $value }}}} %, the limit is {limit} %')


def _tag(when: TagIs, rule: AlertRule, plant: Plant) -> Seen | None:
    """Of the tags that the plant's metrics tell, where the rule is about all that tell it."""
    units = [
        unit
        for unit, one in zip(units_of(plant).values(), plant.equipment, strict=True)
        if rule.on.takes(one)
    ]
    measures = {one.measures[when.tag] for one in units if when.tag in one.measures}
    measure = measures.pop() if len(measures) == 1 else ""
    if measure not in _SERIES:
        return None
    name, label = _SERIES[measure]
    expr, limit = _beyond(plant.metrics_prefix + name + _only(units, label, plant), when)
    what = measure.replace("_", " ")
    return Seen(
        expr, f"{{{{ $labels.{label} }}}}: {what} of {{{{ $value }}}}, the limit is {limit}"
    )


def _quality(when: QualityIs, rule: AlertRule, plant: Plant) -> Seen | None:
    """The exporter's rate is over 30 days, and absent below `quality.minimum_results`."""
    del rule
    areas = plant.quality.areas
    named = [areas[when.area]] if when.area in areas else list(areas.values())
    slugs = sorted({slug(one.authority) for one in named})
    if when.quality != "compliance_rate" or not slugs:
        return None
    only = "" if when.area is None else f'{{compliance_area="{when.area}"}}'
    found = [_beyond(f"{plant.metrics_prefix}{one}{RATE.name}{only}", when, 100) for one in slugs]
    told = '{{ $labels.product_id }}: compliance of {{ printf "%.1f" $value }} % in '
    area = "{{ $labels.compliance_area }}"
    return Seen(
        " or ".join(expr for expr, _ in found), f"{told}{area}, the limit is {found[0][1]} %"
    )


def _count(when: CountIs, rule: AlertRule, plant: Plant) -> Seen | None:
    """Rounded: `increase()` reckons a little more than there was, because it extrapolates."""
    del rule
    if when.count_of != "test_failed" or when.equipment:
        return None
    name = f'{plant.metrics_prefix}quality_tests_total{{result="fail"}}'
    within = span(when.within)
    expr = f"round(sum(increase({name}[{within}]))) > {when.more_than}"
    return Seen(expr, f"{{{{ $value }}}} failed quality tests in {within}")


def _pending(when: ReleasePending, rule: AlertRule, plant: Plant) -> Seen:
    del rule
    hours = f"{when.release_pending / _HOUR:g}"
    expr = f"{plant.metrics_prefix}batch_pending_release_hours > {hours}"
    told = "a batch has been waiting for its release for"
    return Seen(expr, f'{{{{ $labels.product_id }}}}: {told} {{{{ printf "%.0f" $value }}}} h')


def _andon(when: AndonIs, rule: AlertRule, plant: Plant) -> Seen | None:
    del rule
    if when.kinds:
        return None
    name = f'{plant.metrics_prefix}andon_calls_open{{priority=~"{"|".join(when.andon)}"}}'
    return Seen(f"{name} > 0", "{{ $value }} open andon calls of priority {{ $labels.priority }}")


def _state(when: StateLasts, rule: AlertRule, plant: Plant) -> Seen | None:
    if when.state != ["unplanned_stop"]:
        return None
    units = [
        unit
        for unit, one in zip(units_of(plant).values(), plant.equipment, strict=True)
        if rule.on.takes(one)
    ]
    only = _only(units, "equipment", plant)
    name = f"{plant.metrics_prefix}equipment_unplanned_stop_seconds{only}"
    told = "{{ $labels.equipment }}: unplanned stop for {{ humanizeDuration $value }}"
    return Seen(f"{name} > {when.longer_than.total_seconds():.0f}", told)


_SEEN: Mapping[type, Callable[[Any, AlertRule, Plant], Seen | None]] = {
    FigureIs: _figure,
    TagIs: _tag,
    QualityIs: _quality,
    CountIs: _count,
    ReleasePending: _pending,
    AndonIs: _andon,
    StateLasts: _state,
}


def _beyond(series: str, limits: Limits, scale: float = 1) -> tuple[str, str]:
    """The comparison, and the limit as text."""
    given = ((">", limits.above), ("<", limits.below))
    known = [(sign, f"{limit * scale:g}") for sign, limit in given if limit is not None]
    expr = " or ".join(f"{series} {sign} {limit}" for sign, limit in known)
    return expr, " or ".join(limit for _, limit in known)


def _only(units: Sequence[Unit], label: str, plant: Plant) -> str:
    """Nothing where the rule is about all of this kind."""
    kind = label.removesuffix("_id")
    alike = [one for one in units_of(plant).values() if label == "equipment" or one.kind == kind]
    chosen = {one.id for one in units} & {one.id for one in alike}
    if len(chosen) == len(alike):
        return ""
    return f'{{{label}=~"{"|".join(sorted(chosen))}"}}'


def _text(rule: AlertRule) -> str:
    """What the plant file says in English, without what its templates would fill in."""
    given = rule.description
    text = given if isinstance(given, str) else given.get("en", next(iter(given.values()), ""))
    return " ".join(_sentences(text))


def _sentences(text: str) -> Iterator[str]:
    for sentence in text.split(". "):
        if sentence and "{{" not in sentence and "{%" not in sentence:
            yield sentence.rstrip(".") + "."
