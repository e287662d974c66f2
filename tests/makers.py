"""Short ways to say what happens in a test: events of one machine in a small plant."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.machine import (
    AlarmChanged,
    BatchEnded,
    BatchStarted,
    Gap,
    Heartbeat,
    MachineEvent,
    PartsCounted,
    ProductChanged,
    StateChanged,
    TimeCategory,
)
from schemas.manual import (
    AndonCleared,
    AndonRaised,
    MaintenanceEnded,
    MaintenanceStarted,
    PartsReported,
    StopReasonGiven,
)
from schemas.plant.load import PlantFile, load_plant
from schemas.record import EventId

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""The first shift of the small plant begins."""

PLANT = """
enterprise: acme
site: north
name: A small plant
time_zone: {zone}
calendars:
  weekly:
    during: {during}
    shifts:
      - {{name: early, days: [mon, tue, wed, thu, fri], start: "06:00", end: "14:00",
         breaks: {breaks}}}
      - {{name: night, days: [mon, tue, wed, thu, fri], start: "22:00", end: "06:00"}}
equipment:
  - id: press
    area: hall
    line: one
    calendar: weekly
    minor_stop_s: {minor_stop_s}
    unknown_after_s: {unknown_after_s}
    unknown: {unknown}
{more}
reasons:
  jam: {{}}
  cleaning: {{category: planned_stop}}
  format: {{category: setup}}
  no_material: {{category: delay}}
  fault: {{category: unplanned_stop}}
products:
  - {{id: fast, ideal_cycle_s: 0.5}}
  - {{id: slow, ideal_cycle_s: 2}}
  - {{id: guess}}
"""
PATH = "acme/north/hall/one/press"


def plant(**settings: Any) -> PlantFile:
    """The small plant, with what the test is about; what it does not know is the press's."""
    defaults = {
        "zone": "UTC",
        "during": "always",
        "minor_stop_s": 0,
        "unknown_after_s": "null",
        "unknown": "loss",
        "breaks": "[]",
    }
    more = [f"    {key}: {json.dumps(settings.pop(key))}" for key in [*settings.keys() - defaults]]
    text = PLANT.format(**(defaults | settings), more="\n".join(sorted(more)))
    return load_plant(text, "plant.yaml")


def after(seconds: float) -> datetime:
    """So long after the first shift began."""
    return MONDAY + timedelta(seconds=seconds)


@dataclass
class Machine:
    """Says events of one machine, with ids that count up."""

    plant: PlantFile = field(default_factory=plant)
    run: str = ""
    equipment: str = PATH
    source: str = "edge"
    said: list[Any] = field(default_factory=list)

    def _say(self, what: Any, at: float, **fields: Any) -> Any:
        event = what(
            id=EventId(source=self.source, epoch="e1", seq=len(self.said)),
            run=self.run,
            plant_version=self.plant.version,
            equipment=self.equipment,
            source_time=after(at),
            ingest_time=after(at),
            **fields,
        )
        self.said.append(event)
        return event

    def state(
        self, at: float, category: str, word: str | None = None, why: str | None = None
    ) -> Any:
        said = {"state": word, "reason": why}
        return self._say(StateChanged, at, category=TimeCategory(category), **said)

    def parts(self, at: float, good: int = 0, scrap: int = 0, rework: int = 0) -> Any:
        return self._say(PartsCounted, at, good=good, scrap=scrap, rework=rework)

    def produced(self, at: float, produced: int = 0, scrap: int = 0, rework: int = 0) -> Any:
        return self._say(PartsCounted, at, produced=produced, scrap=scrap, rework=rework)

    def batch(self, at: float, name: str) -> Any:
        return self._say(BatchStarted, at, batch=name)

    def batch_ends(self, at: float, name: str) -> Any:
        return self._say(BatchEnded, at, batch=name)

    def product(self, at: float, name: str | None) -> Any:
        return self._say(ProductChanged, at, product=name)

    def alarm(self, at: float, *, active: bool = True) -> Any:
        said = {"condition": "c", "severity": 500, "acknowledged": False, "retained": True}
        return self._say(AlarmChanged, at, active=active, **said)

    def alive(self, at: float) -> Any:
        return self._say(Heartbeat, at)

    def reason(
        self,
        at: float,
        code: str,
        *,
        since: float | None = None,
        until: float | None = None,
        by: str = "ana",
    ) -> Any:
        span = {"start": None if since is None else after(since)}
        span["end"] = None if until is None else after(until)
        return self._state(StopReasonGiven, at, by, reason=code, **span)

    def found(
        self, at: float, *, batch: str | None = None, startup: bool = False, **made: int
    ) -> Any:
        """Somebody reports parts: `good`, `scrap`, `rework`."""
        said = {"batch": batch, "startup": startup, "reason": "bad", **made}
        return self._state(PartsReported, at, "ana", **said)

    def maintenance(self, at: float, *, planned: bool) -> Any:
        return self._state(MaintenanceStarted, at, "ana", planned=planned)

    def maintenance_ends(self, at: float) -> Any:
        return self._state(MaintenanceEnded, at, "ana")

    def calls(self, at: float, name: str) -> Any:
        return self._state(AndonRaised, at, "ana", andon=name, priority="high", kind="material")

    def call_cleared(self, at: float, name: str) -> Any:
        return self._state(AndonCleared, at, "leo", andon=name)

    def _state(self, what: Any, at: float, by: str, **fields: Any) -> Any:
        return self._say(what, at, by=by, statement=f"s{len(self.said)}", **fields)

    def gap(self, start: float, end: float) -> Any:
        return self._say(Gap, end, start=after(start), reason="cable")


def in_order(events: Iterable[MachineEvent]) -> list[MachineEvent]:
    """As a perfect edge would send them."""
    return sorted(events, key=lambda event: event.source_time)
