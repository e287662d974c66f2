"""The newest values of reactors and stations, and when they are told no more."""

from typing import Any

import pytest

from schemas.machine import Heartbeat
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from sinks.metrics.readings import ReadingsFamily
from tests.sinks.metrics.telling import PACKER, PRESS, SAID, VAT, Told, at


def frame(equipment: str, tag: str, *numbers: float | None, after: float = 0, **more: Any):
    """Samples a second apart."""
    offsets = [1000 * n for n in range(len(numbers))]
    column = Column(tag=tag, offset_ms=offsets, numbers=list(numbers), **more)
    return TelemetryFrame(**SAID, **_said(equipment, after), columns=[column])


def alive(equipment: str, after: float) -> Heartbeat:
    return Heartbeat(**SAID, **_said(equipment, after))


def _said(equipment: str, after: float) -> dict[str, Any]:
    name = EventId(source="edge", epoch="e", seq=int(after * 60))
    return {"id": name, "source_time": at(after), "ingest_time": at(after), "equipment": equipment}


def told(*records: Any) -> Told:
    return Told(ReadingsFamily(lambda _: {"press": 7.0})).hear(*records)


def heat(found: Told, after: float = 0) -> float | None:
    labels = {"reactor_id": "vat", "reactor_name": "The vat"}
    return found.value("reactor_temperature_celsius", after, **labels)


def test_the_newest_of_a_frame_is_told_whatever_comes_late():
    found = told(frame(VAT, "temperature", 70, 71.5, after=0.5))
    assert heat(found) == 71.5

    found.hear(frame(VAT, "temperature", 60, after=0))
    assert heat(found) == 71.5


@pytest.mark.parametrize(
    ("tag", "metric"),
    [("pressure", "reactor_pressure_bar"), ("mixing-speed", "reactor_mixing_speed_rpm")],
)
def test_other_values_of_a_reactor(tag: str, metric: str):
    assert told(frame(VAT, tag, 2.5)).value(metric, reactor_id="vat") == 2.5


def test_a_value_ends_with_the_signs_of_life_of_its_equipment():
    found = told(frame(VAT, "temperature", 70))
    assert heat(found, 0.9) == 70
    assert heat(found, 1.1) is None

    found.hear(alive(VAT, 5))
    assert heat(found, 5.5) == 70


def test_a_value_that_must_not_be_used_is_not_told():
    found = told(frame(VAT, "temperature", 70, 71, quality=[0, 0x80350000]))
    assert heat(found) is None

    assert heat(told(frame(VAT, "temperature", 70, None))) is None


def test_stations_are_those_of_the_classes_that_the_plant_file_names():
    found = told(frame(PRESS, "throughput", 1200), frame(PRESS, "energy", 12.25))
    found.hear(frame(PACKER, "throughput", 900))

    assert found.value("station_throughput_units_per_hour", station_id="press") == 1200
    assert found.value("station_energy_consumption_kwh_total", station_id="press") == 12.25
    assert "packer" not in found.text()


def test_no_reading_is_0_before_there_is_one():
    assert "{" not in "".join(
        line for line in told().text().splitlines() if not line.startswith("#")
    )
