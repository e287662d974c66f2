"""What the OEE engine says of a shift, as Prometheus is told of it."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from prometheus_client.core import CollectorRegistry

from plantstream.runtime.ports import Record
from processors.oee.engine import OeeEngine
from processors.step import Output
from schemas.codec import encode
from schemas.plant.load import load_plant
from schemas.topics import CATALOGUE
from sinks.metrics.exporter import Exporter
from sinks.metrics.service import families
from tests.makers import Machine, after
from tests.sinks.metrics.telling import PRESS, TEXT

PLANT = load_plant(
    TEXT.replace("America/Mexico_City", "UTC").replace(
        "products: [{id: P1}, {id: P2}]", "products: [{id: P1, ideal_cycle_s: 1}]"
    ),
    "plant.yaml",
)


class Scraped:
    """The exporter, and the time that it is."""

    def __init__(self) -> None:
        self.now = after(0)
        self.exporter = Exporter(families(), self._time)
        self.exporter.use(PLANT)
        self.registry = CollectorRegistry()
        self.registry.register(self.exporter)

    def _time(self) -> datetime:
        return self.now

    def hear(self, outputs: Sequence[Output]) -> None:
        """What goes to its topics."""
        for offset, one in enumerate(outputs):
            if one.topic.name in self.exporter.topics:
                value = encode(one.record)
                record = Record(one.topic.name, 0, offset, b"k", value)
                self.exporter.take(record, is_news=True)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"acme_{name}", labels)


def shift(run: str = "") -> Sequence[Output]:
    """20 planned minutes: 15 of running at half the ideal speed, then a stop and a call."""
    machine = Machine(PLANT, equipment=PRESS, run=run)
    machine.product(0, "P1")
    machine.state(0, "running")
    for second in range(10, 910, 10):
        machine.parts(second, good=4, scrap=1)
    machine.state(910, "unplanned_stop")
    machine.calls(920, "A1")
    for second in range(960, 1210, 30):
        machine.alive(second)
    engine = OeeEngine()
    state, outputs = engine.load(f"{run}|{PRESS}", {}), list[Output]()
    for event in machine.said:
        step = engine.advance(state, [event], PLANT)
        state, outputs = step.state, [*outputs, *step.outputs]
    return outputs


def test_what_the_engine_says_of_a_shift_is_told():
    scraped = Scraped()
    scraped.hear(shift())
    scraped.now = after(1200)
    assert scraped.value("andon_calls_open", priority="high") is None  # not complete yet

    scraped.exporter.is_complete = True

    labels = {"equipment": "press", "line": "one", "site": "north"}
    oee = scraped.value("overall_equipment_efficiency", **labels)
    assert oee == pytest.approx(30, abs=1)
    factory = scraped.value("overall_equipment_efficiency", equipment="", line="", site="north")
    assert factory == oee
    assert scraped.value("station_quality_pass_rate", station_id="press") == pytest.approx(80)
    assert scraped.value("station_downtime_minutes_total", station_id="press") == pytest.approx(
        290 / 60
    )
    standing = scraped.value("equipment_unplanned_stop_seconds", equipment="press", line="one")
    assert standing == 290
    assert scraped.value("andon_calls_open", priority="high") == 1
    assert scraped.value("andon_events_total", priority="high", type="material") == 1


def test_replays_are_told_nobody():
    scraped = Scraped()
    scraped.hear(shift(run="history"))
    scraped.exporter.is_complete, scraped.now = True, after(1200)

    assert scraped.value("andon_calls_open", priority="high") == 0
    labels = {"equipment": "press", "line": "one", "site": "north"}
    assert scraped.value("overall_equipment_efficiency", **labels) is None


def test_types_that_nobody_reads_are_not_decoded_and_garbage_is_counted():
    scraped = Scraped()
    for value in (b'{"type":"source_heartbeat", "broken', b"{no json"):
        scraped.exporter.take(Record("plant.site.v1", 0, 0, b"k", value), is_news=True)
    assert scraped.registry.get_sample_value("plantstream_metrics_unreadable_total") == 1


def test_topics_are_read_as_far_back_as_the_family_that_looks_furthest():
    back = Scraped().exporter.back
    assert back.keys() <= {topic.name for topic in CATALOGUE}
    assert {name for name, span in back.items() if span is None} == {
        *("plant.lab.v1", "plant.quality.v1", "plant.site.v1", "plant.alert.v1"),
    }
    assert back["plant.kpi.latest.v1"] is not None
    assert back["plant.kpi.latest.v1"].days == 1
