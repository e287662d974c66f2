"""The rules that the plants ask for: each with what fires it and what just does not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from processors.ratios import ratios
from schemas.kpi import OeeReport, Quantities, TimeElements
from tests.processors.rules.telling import PATH, SITE, Run, Sayer, at, plant, short, site

PLANT = plant(Path(__file__).with_name("factory.yaml").read_text())
PRESS = f"{SITE}/hall/two/press"
Series = Callable[[Sayer], list[Any]]


def hour(end_s: float, oee: float, path: str = PATH) -> OeeReport:
    """A rolling hour of one machine with this OEE."""
    time = TimeElements(running_ms=3_600_000)
    parts = Quantities(good=100, ideal_us=3_600_000_000, ideal_good_us=int(oee * 3_600_000_000))
    found = ratios(time, parts)
    return OeeReport(
        plant_version=PLANT.version,
        equipment=path,
        kind="hour",
        window="rolling",
        start=at(end_s) - timedelta(hours=1),
        end=at(end_s),
        final=False,
        time=time,
        quantities=parts,
        oee=found.oee,
    )


def taken_back(end_s: float, path: str) -> OeeReport:
    empty = {"time": TimeElements(), "quantities": Quantities(), "oee": None}
    return hour(end_s, 0, path).model_copy(update=empty)


def hours(*oee: float, path: str = PATH) -> list[OeeReport]:
    """One a minute, from the first minute of the shift on."""
    return [hour(60 * (minute + 1), one, path) for minute, one in enumerate(oee)]


def of(alert: str, run: Run) -> list[str]:
    return short(one for one in run.told if one.labels["alertname"] == alert)


@pytest.mark.parametrize(
    ("alert", "series", "until", "told"),
    [
        pytest.param(
            "ReactorTemperatureHigh",
            lambda said: [said.tag(0, 80.5), said.tag(59, 81)],
            60,
            ["pending 0", "firing 60"],
            id="80.5 °C for a minute",
        ),
        pytest.param(
            "ReactorTemperatureHigh",
            lambda said: [said.tag(0, 80.5), said.tag(59, 78)],
            99,
            ["pending 0", "resolved 59"],
            id="80.5 °C for 59 seconds",
        ),
        pytest.param(
            "ReactorTemperatureHigh",
            lambda said: [said.tag(0, 80)],
            9999,
            [],
            id="80 °C is no more than 80 °C",
        ),
        pytest.param(
            "ReactorTemperatureHigh",
            lambda said: [said.tag(0, 81), said.tag(70, 78.5), said.tag(80, 78)],
            99,
            ["pending 0", "firing 60", "resolved 80"],
            id="78.5 °C is within the deadband",
        ),
        pytest.param(
            "ReactorCriticalTemperature",
            lambda said: [said.tag(0, 96)],
            30,
            ["pending 0 critical", "firing 30 critical"],
            id="96 °C for half a minute",
        ),
        pytest.param(
            "ReactorCriticalTemperature",
            lambda said: [said.tag(0, 96), said.tag(29, 95)],
            99,
            ["pending 0 critical", "resolved 29"],
            id="96 °C for 29 seconds",
        ),
        pytest.param(
            "CriticalAndon",
            lambda said: [said.call(5), said.clear(60)],
            99,
            ["firing 5 critical", "resolved 60"],
            id="a critical call until it is cleared",
        ),
        pytest.param(
            "CriticalAndon",
            lambda said: [said.call(5, "high")],
            99,
            [],
            id="a call of high priority",
        ),
        pytest.param(
            "UnplannedDowntime",
            lambda said: [said.state(0, "unplanned_stop"), said.state(3700, "running")],
            None,
            ["firing 3600", "resolved 3700"],
            id="a breakdown of an hour",
        ),
        pytest.param(
            "UnplannedDowntime",
            lambda said: [said.state(0, "unplanned_stop"), said.state(3599, "running")],
            9999,
            [],
            id="a breakdown of less",
        ),
        pytest.param(
            "UnplannedDowntime",
            lambda said: [said.state(0, "planned_stop")],
            99999,
            [],
            id="a stop that was planned",
        ),
        pytest.param(
            "UnplannedDowntime",
            lambda said: [said.state(3.5 * 3600, "unplanned_stop")],
            5.49 * 3600,
            [],
            id="a breakdown before and after the break",
        ),
        pytest.param(
            "EquipmentSilent",
            lambda said: [said.alive(0), said.tag(200, 20), said.alive(600)],
            None,
            ["firing 500", "resolved 600"],
            id="nothing for five minutes",
        ),
        pytest.param(
            "EquipmentSilent",
            lambda said: [said.alive(0), said.tag(200, 20), said.alive(400)],
            699,
            [],
            id="something every five minutes",
        ),
        pytest.param(
            "TagSilent",
            lambda said: [said.tag(0, 20), said.tag(300, 1, "setpoint"), said.tag(610, 20)],
            None,
            ["firing 600", "resolved 610"],
            id="no value for ten minutes",
        ),
        pytest.param(
            "TagSilent",
            lambda said: [said.tag(0, 20), said.tag(599, 20)],
            1198,
            [],
            id="a value just in time",
        ),
    ],
)
def test_a_rule_of_equipment(alert: str, series: Series, until: float | None, told: list[str]):
    run = Run(PLANT).hear(*series(Sayer(PLANT)))
    if until is not None:
        run.tick(until)

    assert of(alert, run) == told


@pytest.mark.parametrize(
    ("alert", "series", "until", "told"),
    [
        pytest.param(
            "LowFactoryEfficiency",
            lambda _: hours(0.74, 0.74, 0.74, 0.74, 0.74),
            300,
            ["pending 0", "firing 300"],
            id="74 % for five minutes",
        ),
        pytest.param(
            "LowFactoryEfficiency",
            lambda _: hours(0.74, 0.74, 0.74, 0.74, 0.76),
            999,
            ["pending 0", "resolved 240"],
            id="74 % for four minutes",
        ),
        pytest.param(
            "LowFactoryEfficiency", lambda _: hours(0.75), 9999, [], id="75 % is not less"
        ),
        pytest.param(
            "LowFactoryEfficiency",
            lambda _: [hour(-60 * minute, 0.1) for minute in (60, 50, 40)],
            -1,
            [],
            id="at night, when nothing is planned",
        ),
        pytest.param(
            "LowFactoryEfficiency",
            lambda _: [*hours(0.60), *hours(0.95, path=PRESS)],
            9999,
            ["pending 0", "resolved 0"],
            id="one machine makes up for the other",
        ),
        pytest.param(
            "CriticalEfficiencyDrop",
            lambda _: hours(0.59),
            120,
            ["pending 0 critical", "firing 120 critical"],
            id="59 % for two minutes",
        ),
        pytest.param(
            "CriticalEfficiencyDrop",
            lambda _: hours(0.59, 0.61),
            999,
            ["pending 0 critical", "resolved 60"],
            id="59 % for one",
        ),
        pytest.param(
            "CriticalEfficiencyDrop",
            lambda _: [*hours(0.61, 0.61, 0.59), hour(60, 0.61)],
            999,
            ["pending 120 critical", "resolved 120"],
            id="a later reason leaves an hour that ends earlier",
        ),
        pytest.param(
            "CriticalEfficiencyDrop",
            lambda _: [hour(60, 0.61), hour(3660, 0.59, PRESS), taken_back(3660, PRESS)],
            9999,
            ["pending 3600 critical", "resolved 3600"],
            id="an hour that was taken back leaves out no older one",
        ),
        pytest.param(
            "LineEfficiency",
            lambda _: [*hours(0.60), *hours(0.95, path=PRESS)],
            300,
            ["pending 0", "firing 300"],
            id="a line by itself",
        ),
        pytest.param(
            "SourceSilent",
            lambda said: [
                *(said.source_alive(30 * n, "lab-plc") for n in range(5)),
                said.source_alive(0),
                said.source_alive(130),
            ],
            None,
            ["firing 120", "resolved 130"],
            id="a source says nothing for two minutes",
        ),
        pytest.param(
            "SourceSilent",
            lambda said: [
                *(said.source_alive(30 * n, name) for n in range(5) for name in ("plc", "lab-plc"))
            ],
            239,
            [],
            id="both say something",
        ),
        pytest.param(
            "SourceSilent",
            lambda said: [
                *(said.source_alive(30 * n, "lab-plc") for n in range(9)),
                *(said.source_alive(30 * n, "plc", ok=n == 0) for n in range(9)),
            ],
            240,
            ["firing 120"],
            id="a heartbeat of a source that is not connected is silence",
        ),
        pytest.param(
            "SourceSilent",
            lambda said: [said.edge_alive(0)],
            120,
            ["firing 120", "firing 120"],
            id="sources that were never heard of",
        ),
    ],
)
def test_a_rule_of_the_site(alert: str, series: Series, until: float | None, told: list[str]):
    run = site(PLANT, *series(Sayer(PLANT)))
    if until is not None:
        run.tick(until)

    assert of(alert, run) == told


def test_texts_are_in_both_languages_and_name_the_machine():
    run = Run(PLANT).hear(Sayer(PLANT).tag(0, 96)).tick(30)
    critical = run.told[-1]

    assert critical.words["en"].summary == "Emergency shutdown of Reactor A?"
    assert critical.words["es"].summary == "¿Paro de emergencia de Reactor A?"
    assert critical.labels["area"] == "reactor"
