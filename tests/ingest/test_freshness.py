"""The age of what each equipment said last."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from ingest.input import Alive, Sample
from ingest.inputs.registry import build_inputs
from ingest.metrics import SourceMetrics
from plantstream.runtime import clock
from schemas.plant.load import PlantFile, load_plant
from tests.ingest.kit import OPEN_SOURCE, PLANT, REACTOR, STATION

NAME = "plantstream_equipment_fresh_seconds"


def age(registry: CollectorRegistry, equipment: str) -> float | None:
    return registry.get_sample_value(NAME, {"equipment": equipment})


def plant_that_reads(*machines: str, source: str = "line") -> PlantFile:
    """The plant with these of its machines at an OPC UA server."""
    text = PLANT.replace("- {name: ", '- {node: "s={id}", name: ')
    if "reactor" in machines:
        text = text.replace("id: reactor,", f"id: reactor, source: {source},")
    if "station" in machines:
        text = text.replace("id: station", f"id: station\n    source: {source}")
    return load_plant(text + OPEN_SOURCE.replace("line:", f"{source}:"), "plant.yaml")


def test_an_equipment_that_says_nothing_from_the_start_is_told_of():
    registry = CollectorRegistry()
    build_inputs(plant_that_reads("reactor"), SourceMetrics(registry))

    found = age(registry, REACTOR)
    assert found is not None
    assert 0 <= found < 30
    assert age(registry, STATION) is None


def test_an_equipment_that_a_new_plant_file_does_not_read_is_told_of_no_longer():
    registry = CollectorRegistry()
    metrics, old = SourceMetrics(registry), clock.now() - timedelta(seconds=60)
    build_inputs(plant_that_reads("reactor", "station"), metrics)
    metrics.of("line").took([Sample(REACTOR, "t", 1, old), Sample(STATION, "t", 1, old)], old)

    build_inputs(plant_that_reads("reactor"), metrics)
    metrics.of("line").took([Sample(STATION, "t", 2, old)], old)

    found = age(registry, REACTOR)
    assert found is not None
    assert 60 <= found < 90
    assert age(registry, STATION) is None


def test_an_equipment_that_is_read_elsewhere_is_told_of_on():
    registry = CollectorRegistry()
    metrics = SourceMetrics(registry)
    build_inputs(plant_that_reads("reactor"), metrics)
    build_inputs(plant_that_reads("reactor", source="other"), metrics)
    metrics.forget("line")

    assert age(registry, REACTOR) is not None


def test_it_is_the_age_of_the_newest_value_and_goes_with_its_source():
    registry = CollectorRegistry()
    metrics, now = SourceMetrics(registry), clock.now()
    old, older = now - timedelta(seconds=60), now - timedelta(seconds=600)
    metrics.of("plc").reads([REACTOR])
    metrics.of("other").reads([STATION])
    metrics.of("plc").took([Sample(REACTOR, "t", 1, old), Sample(REACTOR, "t", 1, older)], now)
    metrics.of("other").took([Sample(STATION, "t", 1, older)], now)

    found = age(registry, REACTOR)
    assert found is not None
    assert 60 <= found < 90
    metrics.forget("plc")

    assert age(registry, REACTOR) is None
    assert age(registry, STATION) is not None


def test_an_equipment_whose_values_do_not_change_is_not_silent():
    registry = CollectorRegistry()
    metrics, now = SourceMetrics(registry), clock.now()
    metrics.of("plc").reads([REACTOR])
    metrics.of("plc").took([Sample(REACTOR, "t", 1, now - timedelta(seconds=600))], now)
    metrics.of("plc").took([Alive(REACTOR, now)], now)

    found = age(registry, REACTOR)
    assert found is not None
    assert found < 30


def test_a_value_from_the_future_hides_no_silence_after_it():
    registry = CollectorRegistry()
    metrics, past = SourceMetrics(registry), clock.now() - timedelta(seconds=600)
    metrics.of("plc").reads([REACTOR])
    metrics.of("plc").took([Sample(REACTOR, "t", 1, past + timedelta(days=9_000))], past)
    metrics.of("plc").took([Sample(REACTOR, "t", 2, past)], past)

    found = age(registry, REACTOR)
    assert found is not None
    assert 600 <= found < 630
    assert metrics.of("plc").last_value_at == past
    assert metrics.of("plc").clock_skew == timedelta(0)
