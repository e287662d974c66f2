"""Alerts that others raise: the same life, and nobody else may end them."""

from typing import Any

import pytest

from processors.rules.plan import fingerprint
from tests.processors.rules.telling import Sayer, at, rule, short, site

PLANT = rule("{tag: temperature, above: 80}")


def told(*said: tuple[float, dict[str, Any]], until: float | None = None) -> list[str]:
    sayer = Sayer(PLANT)
    run = site(PLANT, *(sayer.external(seconds, **more) for seconds, more in said))
    return short((run if until is None else run.tick(until)).told)


RESOLVED = {"status": "resolved"}


@pytest.mark.parametrize(
    ("said", "until", "expected"),
    [
        pytest.param([(5, {})], None, ["firing 5"], id="it fires"),
        pytest.param([(5, {}), (65, {}), (125, {})], None, ["firing 5"], id="told again"),
        pytest.param([(5, {}), (9, RESOLVED)], None, ["firing 5", "resolved 9"], id="and ends"),
        pytest.param(
            [(5, {}), (9, RESOLVED | {"sender": "other"})], None, ["firing 5"], id="not by others"
        ),
        pytest.param([(5, RESOLVED)], None, [], id="what was never told of does not end"),
        pytest.param(
            [(5, {}), (9, {"severity": "critical"}), (12, {})],
            None,
            ["firing 5", "firing 9 critical"],
            id="its severity rises",
        ),
        pytest.param(
            [(5, {"ends_at": at(65)}), (60, {"ends_at": at(120)})],
            120,
            ["firing 5", "resolved 120"],
            id="an end that is put off",
        ),
        pytest.param(
            [(5, {}), (9, RESOLVED), (20, {"starts_at": at(15)})],
            None,
            ["firing 5", "resolved 9", "firing 20"],
            id="it fires again",
        ),
        pytest.param(
            [(5, {}), (10, RESOLVED | {"ends_at": at(610)}), (310, {"starts_at": at(300)})],
            None,
            ["firing 5", "resolved 10", "firing 310"],
            id="it fires again before the end that its sender's clock gave",
        ),
        pytest.param(
            [(5, {}), (20, RESOLVED | {"ends_at": at(8)})],
            None,
            ["firing 5", "resolved 8"],
            id="it ended before that was told",
        ),
        pytest.param(
            [(5, {"ends_at": at(10)})],
            10,
            ["firing 5", "resolved 10"],
            id="an end that nobody put off",
        ),
    ],
)
def test_the_life_of_an_alert_of_others(
    said: list[tuple[float, dict[str, Any]]], until: float | None, expected: list[str]
):
    assert told(*said, until=until) == expected


def test_it_is_named_by_its_labels_without_severity_and_bears_its_sender():
    run = site(PLANT, Sayer(PLANT).external(5))
    (alert,) = run.told

    assert alert.labels == {"alertname": "DiskFull", "host": "db"}
    assert alert.fingerprint == fingerprint(alert.labels)
    assert (alert.generator, alert.severity) == ("prometheus/prometheus-1", "warning")
    assert alert.words["es"].summary == "The disk is full"


def test_a_resolved_one_is_forgotten_after_a_day():
    said = Sayer(PLANT)
    run = site(PLANT, said.external(5), said.external(9, "resolved"))

    assert len(run.engine.dump(run.state)) == 2
    assert list(run.tick(9 + 86_400).engine.dump(run.state)) == ["head"]
