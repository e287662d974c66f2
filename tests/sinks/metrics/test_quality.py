"""What Prometheus is told of quality, record by record."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.core import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from pydantic import BaseModel

from schemas.alerts import AlertTransition
from schemas.plant.load import PlantFile, load_plant
from schemas.quality import BatchRelease, ComplianceReport, Deviation, TestJudged
from sinks.metrics.quality import MOST_KNOWN, QualityFamily
from tests.makers import MONDAY

SITE = "acme/north"
TEXT = """
enterprise: acme
site: north
name: A plant with a laboratory
time_zone: UTC
metrics_prefix: acme_
calendars:
  daily: {shifts: [{name: day, days: all, start: "06:00", end: "14:00"}]}
equipment:
  - {id: reactor, area: hall, line: one, calendar: daily}
products:
  - {id: P1, tests: [{id: ph, unit: pH}]}
  - {id: P2, tests: [{id: ph, unit: pH}]}
specifications:
  - {products: [P1, P2], test: ph, from: 2026-01-01, unit: pH, limits: {lower: 5, upper: 7},
     area: finished}
quality:
  areas: {finished: {authority: COFEPRIS}, raw: {}}
"""
PLANT = load_plant(TEXT, "plant.yaml")
OF_P1: dict[str, Any] = {"plant_version": "v", "site": SITE, "product": "P1"}
JUDGED: dict[str, Any] = {
    "test": "ph",
    "revision": 1,
    "at": MONDAY,
    "stated_at": MONDAY,
    "statement": "s",
}


def judged(result: str, outcome: str | None = "pass", **more: Any) -> TestJudged:
    return TestJudged(**OF_P1 | JUDGED | {"result": result, "outcome": outcome} | more)


def opened(name: str, severity: str = "major", **more: Any) -> Deviation:
    said: dict[str, Any] = {
        "deviation": name,
        "cause": "out_of_specification",
        "severity": severity,
    }
    return Deviation(**OF_P1 | said | {"opened_at": MONDAY, "changed_at": MONDAY} | more)


def released(batch: str, **more: Any) -> BatchRelease:
    return BatchRelease(**OF_P1 | {"batch": batch, "ended_at": MONDAY} | more)


def report(rate: float | None, **more: Any) -> ComplianceReport:
    said: dict[str, Any] = {
        "window": "30d",
        "area": "finished",
        "end": MONDAY,
        "compliance_rate": rate,
    }
    return ComplianceReport(**OF_P1 | said | more)


def fired(
    product: str = "P1", severity: str = "critical", state: str = "firing"
) -> AlertTransition:
    said: dict[str, Any] = {
        "plant_version": "v",
        "site": SITE,
        "fingerprint": product,
        "starts_at": MONDAY,
    }
    said |= {"at": MONDAY, "state": state, "severity": severity, "generator": "rule"}
    return AlertTransition(**said, labels={"alertname": "A", "product": product})


class Told(Collector):
    """A family as it would be scraped two hours after Monday's beginning."""

    def __init__(self, *records: BaseModel, plant: PlantFile = PLANT) -> None:
        self.family = QualityFamily()
        self.family.use(plant)
        self.hear(*records)

    def hear(self, *records: BaseModel, is_news: bool = True) -> "Told":
        for one in records:
            self.family.take(one, is_news=is_news)
        return self

    def collect(self) -> Any:
        return self.family.metrics("acme_", MONDAY + timedelta(hours=2))

    def value(self, name: str, **labels: str) -> float | None:
        registry = CollectorRegistry()
        registry.register(self)
        return registry.get_sample_value(f"acme_{name}", labels)

    def text(self) -> str:
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry).decode()


def counted(told: Told, result: str, product: str = "P1", test: str = "ph") -> float | None:
    labels = {"test_type": test, "product_id": product, "result": result}
    return told.value("quality_tests_total", **labels)


def test_every_known_label_set_is_there_before_anything_happens():
    told = Told()

    assert counted(told, "pass") == counted(told, "fail", "P2") == 0
    assert told.value("quality_deviations_total", product_id="P1", severity="minor") == 0
    assert told.value("quality_alerts_total", product_id="P2", severity="critical") == 0
    assert told.value("batch_release_time_hours_count", product_id="P1") == 0
    assert told.value("batch_pending_release_hours", product_id="P1") == 0


@pytest.mark.parametrize(
    ("outcome", "result"), [("pass", "pass"), ("out_of_trend", "pass"), ("fail", "fail")]
)
def test_a_result_counts_by_its_verdict(outcome: str, result: str):
    assert counted(Told(judged("r1", outcome)), result) == 1


def test_the_same_verdict_again_changes_nothing_and_another_one_counts():
    told = Told(judged("r1"), judged("r1"), judged("r1", revision=2))
    assert counted(told, "pass") == 1

    told.hear(judged("r1", "fail", revision=3))
    assert (counted(told, "pass"), counted(told, "fail")) == (1, 1)


@pytest.mark.parametrize("outcome", [None, "invalid"])
def test_what_is_not_judged_counts_for_nothing(outcome: str | None):
    told = Told(judged("r1", outcome))
    assert (counted(told, "pass"), counted(told, "fail")) == (0, 0)


def test_what_stood_there_before_the_exporter_first_ran_moves_no_counter():
    told = Told().hear(
        judged("r1"), opened("d"), fired(), released("b", release_time_h=3.0), is_news=False
    )
    told.hear(judged("r1"), opened("d"), fired(), released("b", release_time_h=3.0))

    assert counted(told, "pass") == 0
    assert told.value("quality_deviations_total", product_id="P1", severity="major") == 0
    assert told.value("quality_alerts_total", product_id="P1", severity="critical") == 0
    assert told.value("batch_release_time_hours_count", product_id="P1") == 0


def test_names_that_the_plant_file_does_not_have_make_no_series_of_their_own():
    strange = {f"x{n}" for n in range(50)}
    told = Told(*(judged(name, test=name, product=name) for name in strange))
    told.hear(*(fired(name) for name in strange))

    assert counted(told, "pass", "other", "other") == 50
    assert told.value("quality_alerts_total", product_id="other", severity="critical") == 50
    assert not any(f'"{name}"' in told.text() for name in strange)


def test_a_deviation_counts_once_and_one_that_never_was_does_not():
    told = Told(opened("d1"), opened("d1", state="closed"), opened("d2", withdrawn=True))
    assert told.value("quality_deviations_total", product_id="P1", severity="major") == 1


def test_an_alert_counts_when_it_fires_and_when_its_severity_rises():
    told = Told(fired(state="pending"), fired(severity="warning"), fired(severity="warning"))
    told.hear(fired(), fired(state="resolved"))

    assert told.value("quality_alerts_total", product_id="P1", severity="warning") == 1
    assert told.value("quality_alerts_total", product_id="P1", severity="critical") == 1


def test_compliance_is_told_in_percent_by_the_name_of_its_authority():
    told = Told(report(0.96), report(0.9, area="raw"), report(0.1, window="24h"))
    labels = {"product_id": "P1", "compliance_area": "finished"}

    assert told.value("cofepris_compliance_rate", **labels) == 96
    assert told.value("compliance_rate", **labels | {"compliance_area": "raw"}) == 90


def test_a_rate_below_the_minimum_number_is_told_no_more():
    told = Told(report(0.96), report(None))
    labels = {"product_id": "P1", "compliance_area": "finished"}
    assert told.value("cofepris_compliance_rate", **labels) is None


def test_the_oldest_batch_that_waits_is_told():
    hour = timedelta(hours=1)
    told = Told(released("b1"), released("b2", ended_at=MONDAY + hour), released("b3"))
    told.hear(released("b3", disposition="approved", release_time_h=0.5))
    assert told.value("batch_pending_release_hours", product_id="P1") == 2

    told.hear(released("b1", disposition="rejected"))
    assert told.value("batch_pending_release_hours", product_id="P1") == 1

    told.hear(released("b1", disposition="held"))
    assert told.value("batch_pending_release_hours", product_id="P1") == 2


def test_a_release_is_in_its_bucket():
    told = Told(released("b1", disposition="approved", release_time_h=3.0))
    buckets = {"2.0": 0, "4.0": 1, "+Inf": 1}
    for bound, count in buckets.items():
        found = told.value("batch_release_time_hours_bucket", product_id="P1", le=bound)
        assert found == count
    assert told.value("batch_release_time_hours_sum", product_id="P1") == 3


def test_another_plant_file_ends_series_and_keeps_counts():
    told = Told(judged("r1"))
    text = TEXT.replace("  - {id: P2, tests: [{id: ph, unit: pH}]}\n", "").replace("P1, P2", "P1")
    told.family.use(load_plant(text, "plant.yaml"))

    assert counted(told, "pass") == 1
    assert counted(told, "pass", "P2") is None


def test_what_is_remembered_of_results_is_bounded():
    told = Told()
    told.hear(*(judged(f"r{n}") for n in range(1000)))
    assert len(told.family._known.told) == 1000 <= MOST_KNOWN
