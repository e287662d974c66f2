"""Short ways to tell what happens in a story; times are in seconds after it begins."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas.machine import (
    BatchEnded,
    BatchStarted,
    Gap,
    Heartbeat,
    MachineRecord,
    PartsCounted,
    ProductChanged,
    StateChanged,
)
from schemas.manual import (
    MaintenanceEnded,
    MaintenanceStarted,
    PartsReported,
    StopReasonGiven,
)
from tests.processors.oee.story import Story, Told


def rule(when: str, category: str, **more: Any) -> dict[str, Any]:
    return {"rules": [{"when": when, "category": category, **more}]}


def state(at_s: float, category: str, word: str | None = None, reason: str | None = None) -> Told:
    return _told(StateChanged, at_s, category=category, state=word, reason=reason)


def parts(at_s: float, late_s: float = 0, **amounts: int) -> Told:
    return replace(_told(PartsCounted, at_s, **amounts), late=int(late_s * 1000))


def report(at_s: float, late_s: float = 0, **amounts: Any) -> Told:
    told = _told(PartsReported, at_s, by="ana", statement="s", reason="jam", **amounts)
    return replace(told, late=int(late_s * 1000))


def reason(at_s: float, code: str, late_s: float = 0, **span_s: float) -> Told:
    span = {name: int(value * 1000) for name, value in span_s.items()}
    told = _told(StopReasonGiven, at_s, by="ana", statement="s", reason=code, **span)
    return replace(told, late=int(late_s * 1000))


def batch(at_s: float, name: str) -> Told:
    return _told(BatchStarted, at_s, batch=name)


def batch_ends(at_s: float, name: str) -> Told:
    return _told(BatchEnded, at_s, batch=name)


def product(at_s: float, name: str) -> Told:
    return _told(ProductChanged, at_s, product=name)


def alive(at_s: float) -> Told:
    return _told(Heartbeat, at_s)


def maintenance(at_s: float) -> Told:
    return _told(MaintenanceStarted, at_s, by="ana", statement="s", planned=True)


def maintained(at_s: float) -> Told:
    return _told(MaintenanceEnded, at_s, by="ana", statement="s")


def gap(start_s: float, end_s: float) -> Told:
    return _told(Gap, end_s, start=int(start_s * 1000), reason="cable")


def _told(kind: type[MachineRecord], at_s: float, **said: Any) -> Told:
    return Told(kind, int(at_s * 1000), said)


def told(*events: Told, machine: Mapping[str, Any] | None = None, **plant: Any) -> Story:
    return Story(machine=machine or {}, told=events, **plant)


def ms(**seconds: float) -> dict[str, int]:
    return {f"{name}_ms": int(value * 1000) for name, value in seconds.items()}
