"""A plant with a reactor and two stations, and a family of metrics as it would be scraped."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from pydantic import BaseModel

from schemas.plant.load import PlantFile, load_plant
from sinks.metrics.family import Family
from tests.makers import MONDAY

SITE = "acme/north"
TEXT = """
enterprise: acme
site: north
name: A plant with a reactor and two stations
time_zone: America/Mexico_City
metrics_prefix: acme_
metrics: {stations: {classes: [press]}}
calendars:
  daily:
    shifts:
      - {name: day, days: all, start: "06:00", end: "14:00"}
      - {name: night, days: all, start: "22:00", end: "06:00"}
sources: {plc: {type: modbus, host: 127.0.0.1}}
equipment_classes:
  reactor:
    source: plc
    calendar: daily
    unknown_after_s: 60
    rules: [{when: maintenance, category: planned_stop, reason: overhaul}]
    tags:
      - {name: temperature, register: {address: 1}, unit: °C}
      - {name: pressure, register: {address: 2}, unit: bar}
      - {name: mixing-speed, register: {address: 3}, unit: 1/min}
  press:
    source: plc
    calendar: daily
    tags:
      - {name: throughput, register: {address: 1}, unit: pieces/h}
      - {name: energy, register: {address: 2}, unit: kWh}
      - {name: state, register: {address: 3}, means: state, running_above: 0.5}
reasons: {overhaul: {category: planned_stop}}
equipment:
  - {id: vat, name: The vat, class: reactor, area: hall, line: one, unit_id: 1}
  - {id: press, class: press, area: hall, line: one, unit_id: 2}
  - {id: packer, area: hall, line: two, calendar: daily}
products: [{id: P1}, {id: P2}]
"""
PLANT = load_plant(TEXT, "plant.yaml")
VAT, PRESS, PACKER = (
    "acme/north/hall/one/vat",
    "acme/north/hall/one/press",
    "acme/north/hall/two/packer",
)
SAID: dict[str, Any] = {"plant_version": "v"}


def at(minutes: float) -> datetime:
    """So long after Monday, 06:00 UTC, which is midnight in the plant."""
    return MONDAY + timedelta(minutes=minutes)


class Told(Collector):
    """A family as it is scraped."""

    def __init__(self, family: Family, plant: PlantFile = PLANT) -> None:
        self.family, self.now = family, MONDAY
        family.use(plant)

    def hear(self, *records: BaseModel, is_news: bool = True) -> "Told":
        for one in records:
            self.family.take(one, is_news=is_news)
        return self

    def collect(self) -> Iterator[Metric]:
        return self.family.metrics("acme_", self.now)

    def value(self, name: str, after: Any = 0, **labels: Any) -> float | None:
        """So many minutes after Monday's beginning."""
        self.now = at(after)
        registry = CollectorRegistry()
        registry.register(self)
        return registry.get_sample_value(f"acme_{name}", labels)

    def text(self) -> str:
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry).decode()
