"""The age of what each equipment said last."""

from datetime import timedelta

from prometheus_client import CollectorRegistry

from ingest.input import Alive, Sample
from ingest.metrics import SourceMetrics
from plantstream.runtime import clock
from tests.ingest.kit import REACTOR, STATION

NAME = "plantstream_equipment_fresh_seconds"


def age(registry: CollectorRegistry, equipment: str) -> float | None:
    return registry.get_sample_value(NAME, {"equipment": equipment})


def test_it_is_the_age_of_the_newest_value_and_goes_with_its_source():
    registry = CollectorRegistry()
    metrics, now = SourceMetrics(registry), clock.now()
    old, older = now - timedelta(seconds=60), now - timedelta(seconds=600)
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
    metrics.of("plc").took([Sample(REACTOR, "t", 1, now - timedelta(seconds=600))], now)
    metrics.of("plc").took([Alive(REACTOR, now)], now)

    found = age(registry, REACTOR)
    assert found is not None
    assert found < 30


def test_a_value_from_the_future_hides_no_silence_after_it():
    registry = CollectorRegistry()
    metrics, past = SourceMetrics(registry), clock.now() - timedelta(seconds=600)
    metrics.of("plc").took([Sample(REACTOR, "t", 1, past + timedelta(days=9_000))], past)
    metrics.of("plc").took([Sample(REACTOR, "t", 2, past)], past)

    found = age(registry, REACTOR)
    assert found is not None
    assert 600 <= found < 630
    assert metrics.of("plc").last_value_at == past
    assert metrics.of("plc").clock_skew == timedelta(0)
