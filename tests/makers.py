"""Short ways to say what happens in a test: events of one machine in a small plant."""

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
      - {{name: early, days: [mon, tue, wed, thu, fri], start: "06:00", end: "14:00"}}
      - {{name: night, days: [mon, tue, wed, thu, fri], start: "22:00", end: "06:00"}}
equipment:
  - id: press
    area: hall
    line: one
    calendar: weekly
    minor_stop_s: {minor_stop_s}
    unknown_after_s: {unknown_after_s}
    unknown: {unknown}
products:
  - {{id: fast, ideal_cycle_s: 0.5}}
  - {{id: slow, ideal_cycle_s: 2}}
  - {{id: guess}}
"""
PATH = "acme/north/hall/one/press"


def plant(**settings: Any) -> PlantFile:
    """The small plant, with what the test is about."""
    defaults = {
        "zone": "UTC",
        "during": "always",
        "minor_stop_s": 0,
        "unknown_after_s": "null",
        "unknown": "loss",
    }
    return load_plant(PLANT.format(**(defaults | settings)), "plant.yaml")


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
    said: list[MachineEvent] = field(default_factory=list)

    def _say(self, kind: Any, at: float, **fields: Any) -> MachineEvent:
        event: MachineEvent = kind(
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

    def state(self, at: float, category: str) -> MachineEvent:
        return self._say(StateChanged, at, category=TimeCategory(category))

    def parts(self, at: float, good: int = 0, scrap: int = 0, rework: int = 0) -> MachineEvent:
        return self._say(PartsCounted, at, good=good, scrap=scrap, rework=rework)

    def batch(self, at: float, name: str) -> MachineEvent:
        return self._say(BatchStarted, at, batch=name)

    def batch_ends(self, at: float, name: str) -> MachineEvent:
        return self._say(BatchEnded, at, batch=name)

    def product(self, at: float, name: str | None) -> MachineEvent:
        return self._say(ProductChanged, at, product=name)

    def alarm(self, at: float, *, active: bool = True) -> MachineEvent:
        said = {"condition": "c", "severity": 500, "acknowledged": False, "retained": True}
        return self._say(AlarmChanged, at, active=active, **said)

    def alive(self, at: float) -> MachineEvent:
        return self._say(Heartbeat, at)

    def gap(self, start: float, end: float) -> MachineEvent:
        return self._say(Gap, end, start=after(start), reason="cable")


def in_order(events: Iterable[MachineEvent]) -> list[MachineEvent]:
    """As a perfect edge would send them."""
    return sorted(events, key=lambda event: event.source_time)
