"""What becomes of the rules of a plant file where Prometheus is to evaluate them."""

from datetime import timedelta

import pytest

from plantstream.prometheus.files import rule_files
from plantstream.prometheus.plant_rules import written
from plantstream.prometheus.rule import Rule, alerts_text, span
from schemas.plant.load import load_plant
from schemas.plant.model import Plant
from tests.sinks.metrics.telling import TEXT

QUALITY = """
quality: {areas: {air: {authority: COFEPRIS}, raw: {authority: COFEPRIS}, odd: {}}}
"""


def plant(*rules: str) -> Plant:
    """The plant of a vat and a press, with these rules."""
    lines = "".join(
        f"  - {{alert: A{n}, severity: warning, summary: s, {rule}}}\n"
        for n, rule in enumerate(rules)
    )
    return load_plant(f"{TEXT}{QUALITY}alert_rules:\n{lines}", "plant.yaml").plant


def expr(rule: str) -> str | None:
    """What the rule comes to; None where it is left to the stream."""
    found = written(plant(rule))
    return next((one.expr for one in (*found.factory, *found.quality)), None)


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        pytest.param(
            "when: {figure: oee, below: 0.7}",
            'acme_overall_equipment_efficiency{equipment="",line=""} < 70',
            id="the factory, in percent",
        ),
        pytest.param(
            "when: {figure: oee, of: equipment, below: 0.7}",
            'acme_overall_equipment_efficiency{equipment!=""} < 70',
            id="each equipment",
        ),
        pytest.param("when: {figure: availability, below: 0.7}", None, id="no such metric"),
        pytest.param(
            "when: {tag: temperature, above: 80, below: 5}, on: {classes: [reactor]}",
            "acme_reactor_temperature_celsius > 80 or acme_reactor_temperature_celsius < 5",
            id="both limits of a reading",
        ),
        pytest.param(
            "when: {tag: throughput, below: 10}, on: {ids: [press]}",
            "acme_station_throughput_units_per_hour < 10",
            id="a station of a class that the plant file names",
        ),
        pytest.param("when: {tag: energy, above: 1}", None, id="a meter"),
        pytest.param(
            "when: {state: [unplanned_stop], longer_than: 90m}, on: {ids: [press]}",
            'acme_equipment_unplanned_stop_seconds{equipment=~"press"} > 5400',
            id="stops of some",
        ),
        pytest.param(
            "when: {state: [setup], longer_than: 90m}, on: {ids: [press]}", None, id="other states"
        ),
        pytest.param(
            "when: {andon: [high, critical]}",
            'acme_andon_calls_open{priority=~"high|critical"} > 0',
            id="calls",
        ),
        pytest.param(
            "when: {quality: compliance_rate, below: 0.9, area: odd}",
            'acme_compliance_rate{compliance_area="odd"} < 90',
            id="an area without an authority",
        ),
        pytest.param(
            "when: {quality: compliance_rate, below: 0.9}",
            "acme_compliance_rate < 90 or acme_cofepris_compliance_rate < 90",
            id="every area",
        ),
        pytest.param(
            "when: {count_of: test_failed, more_than: 2, within: 5m}",
            'round(sum(increase(acme_quality_tests_total{result="fail"}[5m]))) > 2',
            id="failures",
        ),
        pytest.param("when: {count_of: stop, more_than: 2, within: 5m}", None, id="other counts"),
        pytest.param(
            "when: {release_pending: 36h}", "acme_batch_pending_release_hours > 36", id="releases"
        ),
        pytest.param(
            "when: {all: [{andon: [low]}, {andon: [high]}]}", None, id="conditions of several"
        ),
    ],
)
def test_a_rule_is_written_by_the_metrics_of_the_plant(rule: str, found: str | None):
    assert expr(rule) == found


def test_what_cannot_be_seen_is_named_unless_a_rule_of_infrastructure_does_it():
    one = plant(
        "when: {rate_of: temperature, above: 1, per: 1m}", "when: {absent: pressure, after: 1m}"
    )

    assert rule_files(one).left_out == ["A0", "A1"]


def test_silence_takes_as_long_as_the_plant_says():
    one = plant("when: {absent: source, after: 7m}", "when: {absent: equipment, after: 3m}")

    text = rule_files(one).texts["infrastructure_alerts.yml"]

    assert "plantstream_equipment_fresh_seconds) > 180" in text
    assert "for: 7m" in text[text.index("SourceSilent") :][:120]


def test_where_runbooks_stand_may_be_said():
    texts = rule_files(plant("when: {andon: [low]}"), "https://wiki.acme.example/books").texts
    assert "runbook_url: 'https://wiki.acme.example/books/A0.md'" in texts["factory_alerts.yml"]


def test_a_plant_without_rules_has_files_without_alerts():
    text = rule_files(load_plant(TEXT, "plant.yaml").plant).texts["factory_alerts.yml"]
    assert text.endswith("rules: []\n")


def test_quotes_and_labels_stand_as_they_are():
    rule = Rule("A", 'x{a="b"} > 1', "info", "it's", "so", timedelta(hours=2), {"area": "x"})
    text = alerts_text("g", [rule], "books")
    assert "expr: 'x{a=\"b\"} > 1'" in text
    assert "summary: 'it''s'" in text
    assert "for: 2h" in text


@pytest.mark.parametrize(
    ("seconds", "written_as"), [(0, "0s"), (30, "30s"), (90, "90s"), (300, "5m"), (86_400, "1d")]
)
def test_spans_are_written_in_the_largest_unit(seconds: int, written_as: str):
    assert span(timedelta(seconds=seconds)) == written_as
