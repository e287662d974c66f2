"""The family of readings: the newest values of reactors and stations, while they are fresh."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from prometheus_client.core import Metric
from pydantic import BaseModel

from schemas.machine import Heartbeat, MachineRecord, PartsCounted, StateChanged
from schemas.plant.load import PlantFile
from schemas.record import EquipmentPath
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import MACHINE, TELEMETRY
from sinks.metrics.family import Labels, Named, Reading, counter, gauge
from sinks.metrics.units import Unit, units_of

BACK = timedelta(minutes=15)
"""A value that was last told before this is known once it is told again."""
_BAD = 0x8000_0000
"""Of OPC UA's status codes: the value must not be used."""

TEMPERATURE = Named(
    "reactor_temperature_celsius", "Newest reading.", ("reactor_id", "reactor_name")
)
PRESSURE = Named("reactor_pressure_bar", "Newest reading.", ("reactor_id",))
MIXING_SPEED = Named("reactor_mixing_speed_rpm", "Newest reading.", ("reactor_id",))
THROUGHPUT = Named(
    "station_throughput_units_per_hour",
    "Newest reading; of stations without one, parts per hour of the rolling hour of planned time.",
    ("station_id",),
)
QUEUE_LENGTH = Named("station_queue_length", "Newest reading.", ("station_id",))
ENERGY = Named("station_energy_consumption_kwh", "The energy meter as it stands.", ("station_id",))


class _Value(NamedTuple):
    at: datetime
    number: float | None
    """None of what must not be used."""


class ReadingsFamily:
    """Follows telemetry, and signs of life: while those come, what was last said holds."""

    reads = (
        Reading(TELEMETRY, (TelemetryFrame,), BACK),
        Reading(MACHINE, (Heartbeat, StateChanged, PartsCounted), BACK),
    )

    def __init__(self, throughputs: Callable[[datetime], Mapping[str, float]]) -> None:
        self._throughputs = throughputs
        """Of stations that have no reading, by id."""
        self._units: Mapping[EquipmentPath, Unit] = {}
        self._values: dict[tuple[EquipmentPath, str], _Value] = {}
        self._signs: dict[EquipmentPath, datetime] = {}

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end."""
        self._units = {path: one for path, one in units_of(plant.plant).items() if one.kind}
        self._values = {
            (path, measure): value
            for (path, measure), value in self._values.items()
            if path in self._units and measure in self._units[path].measures.values()
        }

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; none of these counts anything."""
        del is_news
        if not isinstance(record, TelemetryFrame | MachineRecord):
            return
        unit = self._units.get(record.equipment)
        if unit is None:
            return
        heard = self._signs.get(record.equipment, record.ingest_time)
        self._signs[record.equipment] = max(heard, record.ingest_time)
        if isinstance(record, TelemetryFrame):
            for column in record.columns:
                if column.tag in unit.measures:
                    self._read((record.equipment, unit.measures[column.tag]), record, column)

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""
        hot = self._fresh("reactor", "temperature", now)
        names = {one.id: one.name for one in self._units.values()}
        yield gauge(TEMPERATURE, prefix, {(one, names[one]): hot[one] for one in hot})
        for named, kind, measure in (
            (PRESSURE, "reactor", "pressure"),
            (MIXING_SPEED, "reactor", "mixing_speed"),
            (QUEUE_LENGTH, "station", "queue_length"),
        ):
            yield gauge(named, prefix, _labelled(self._fresh(kind, measure, now)))
        made = self._without_reading(self._throughputs(now))
        yield gauge(THROUGHPUT, prefix, _labelled(made | self._fresh("station", "throughput", now)))
        yield counter(ENERGY, prefix, _labelled(self._fresh("station", "energy", now)))

    def _read(self, name: tuple[EquipmentPath, str], frame: TelemetryFrame, column: Column) -> None:
        for index, (offset, number) in enumerate(
            zip(column.offset_ms, column.numbers or (), strict=False)
        ):
            at = frame.source_time + timedelta(milliseconds=offset)
            is_bad = column.quality is not None and column.quality[index] & _BAD
            known = self._values.get(name)
            if known is None or at >= known.at:
                self._values[name] = _Value(at, None if is_bad else number)

    def _fresh(self, kind: str, measure: str, now: datetime) -> dict[str, float]:
        found = {}
        for path, unit in self._units.items():
            value, heard = self._values.get((path, measure)), self._signs.get(path)
            is_fresh = heard is not None and now - heard < unit.silent_after
            if unit.kind == kind and is_fresh and value is not None and value.number is not None:
                found[unit.id] = value.number
        return found

    def _without_reading(self, made: Mapping[str, float]) -> dict[str, float]:
        return {
            unit.id: made[unit.id]
            for unit in self._units.values()
            if unit.kind == "station"
            and "throughput" not in unit.measures.values()
            and unit.id in made
        }


def _labelled(values: Mapping[str, float]) -> dict[Labels, float]:
    return {(name,): value for name, value in values.items()}
