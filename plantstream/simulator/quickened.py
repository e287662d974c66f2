"""The plant file for machines that live faster than clocks: what waits for them waits shorter."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from plantstream.simulator.client_side import document_of, with_document
from schemas.plant.alerts.routing import Alerts, Route
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from schemas.plant.times import Span

_OF_CONDITIONS = frozenset({"longer_than", "per", "within", "release_pending"})
"""Spans that machines take. `absent: …, after` is none: silence is measured by the clock, at
which sources report however fast machines live."""
_SPAN: TypeAdapter[timedelta] = TypeAdapter(Span)
_MILLISECOND = timedelta(milliseconds=1)


def quickened(plant: PlantFile, speed: float) -> PlantFile:
    """The plant file whose alerts wait so many times shorter, in its rules and for answers.

    Rotations, windows of the week, silence of sources and how long links hold stay as they are.
    """
    document = document_of(plant)
    seen: set[int] = set()
    for rule, one in zip(document.get("alert_rules") or (), plant.plant.alert_rules, strict=True):
        rule["for"] = _quick(one.for_, speed)
        rule["keep_firing_for"] = _quick(one.keep_firing_for, speed)
        for rung, rising in zip(rule.get("ladder") or (), one.ladder, strict=True):
            rung["after"] = _quick(rising.after, speed)
        for condition in _conditions(rule["when"], seen):
            for name in condition.keys() & _OF_CONDITIONS:
                condition[name] = _quick(_SPAN.validate_python(condition[name]), speed)
    _quicken_chains(document, plant.plant, speed)
    if plant.plant.alerts is not None:
        _quicken_alerts(document["alerts"], plant.plant.alerts, speed)
    return with_document(plant, document)


def _quicken_chains(document: Any, plant: Plant, speed: float) -> None:
    for name, chain in plant.chains.items():
        for step, one in zip(document["chains"][name]["steps"], chain.steps, strict=True):
            step["wait"] = _quick(one.wait, speed)


def _quicken_alerts(alerts: Any, read: Alerts, speed: float) -> None:
    """Defaults as well: they are written down."""
    alerts["cooldown"] = _quick(read.cooldown, speed)
    alerts["acknowledged_for"] = _quick(read.acknowledged_for, speed)
    alerts["flood"] = {
        "more_than": read.flood.more_than,
        "within": _quick(read.flood.within, speed),
    }
    for name, receiver in read.receivers.items():
        if receiver.cooldown is not None:
            alerts["receivers"][name]["cooldown"] = _quick(receiver.cooldown, speed)
    _quicken_route(alerts["route"], read.route, speed)


def _quicken_route(route: Any, read: Route, speed: float) -> None:
    for name in ("group_wait", "group_interval", "repeat_interval"):
        span = getattr(read, name)
        if span is not None:
            route[name] = _quick(span, speed)
    for below, one in zip(route.get("routes") or (), read.routes, strict=True):
        _quicken_route(below, one, speed)


def _conditions(condition: Any, seen: set[int]) -> Iterator[Any]:
    """Each once, however often an anchor of the file stands for it."""
    if id(condition) in seen:
        return
    seen.add(id(condition))
    yield condition
    for part in (*condition.get("all", ()), *condition.get("any", ())):
        yield from _conditions(part, seen)
    if "not" in condition:
        yield from _conditions(condition["not"], seen)


def _quick(span: timedelta, speed: float) -> str | int:
    """As a plant file writes it; what was no time stays none, what was some stays some."""
    if not span:
        return 0
    milliseconds = max(1, round(span / speed / _MILLISECOND))
    seconds, rest = divmod(milliseconds, 1000)
    return f"{milliseconds}ms" if rest else f"{seconds}s"
