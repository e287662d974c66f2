"""An alert from its condition to its end, by event time."""

from typing import Any

import pytest

from tests.processors.rules.telling import Run, Sayer, at, heard, rule, series, short

HOT = "{tag: temperature, above: 80}"


@pytest.mark.parametrize(
    ("more", "samples", "until", "told"),
    [
        pytest.param({}, [(0, 80)], 99, [], id="a value at the limit is within it"),
        pytest.param({}, [(0, 80.1)], 99, ["firing 0"], id="without for it fires at once"),
        pytest.param(
            {}, [(0, 81), (1, 82), (2, 79)], 9, ["firing 0", "resolved 2"], id="and is resolved"
        ),
        pytest.param(
            {"for_": "60s"}, [(0, 81)], 59.999, ["pending 0"], id="it is pending before for"
        ),
        pytest.param(
            {"for_": "60s"}, [(0, 81)], 60, ["pending 0", "firing 60"], id="and fires after it"
        ),
        pytest.param(
            {"for_": "60s"},
            [(0, 81), (59.999, 80)],
            99,
            ["pending 0", "resolved 59.999"],
            id="what is over before for is dropped",
        ),
        pytest.param(
            {"for_": "60s"},
            [(0, 81), (60, 80)],
            99,
            ["pending 0", "firing 60", "resolved 60"],
            id="what held for exactly so long fires",
        ),
        pytest.param(
            {"for_": "60s"},
            [(0, 81), (500, 80)],
            None,
            ["pending 0", "firing 60", "resolved 500"],
            id="no tick is needed to find it out",
        ),
        pytest.param(
            {"keep_firing_for": "30s"},
            [(0, 81), (1, 79), (20, 81), (40, 79)],
            70,
            ["firing 0", "resolved 70"],
            id="it is kept firing until it has been over for so long",
        ),
        pytest.param(
            {"ladder": "[{after: 60s, severity: critical}]"},
            [(0, 81), (100, 79)],
            999,
            ["firing 0", "firing 60 critical", "resolved 100"],
            id="severity rises while it fires",
        ),
        pytest.param(
            {"for_": "10s", "ladder": "[{after: 60s, severity: critical}]"},
            [(0, 81), (69, 79)],
            999,
            ["pending 0", "firing 10", "resolved 69"],
            id="counted from when it fired",
        ),
    ],
)
def test_the_life_of_an_alert(
    more: dict[str, str], samples: list[tuple[float, Any]], until: float | None, told: list[str]
):
    plant = rule(HOT, **more)

    assert heard(plant, *series(Sayer(plant), samples), until=until) == told


def test_the_name_of_an_alert_is_its_labels_and_when_its_condition_became_true():
    plant = rule(
        HOT, for_="60s", labels="{area: quality}", ladder="[{after: 5m, severity: critical}]"
    )
    run = Run(plant).hear(Sayer(plant).tag(7, 81)).tick(9999)

    assert {one.starts_at for one in run.told} == {at(7)}
    assert len({one.fingerprint for one in run.told}) == 1
    assert run.told[-1].labels == {
        "alertname": "Hot",
        "site": "north",
        "area": "quality",
        "line": "one",
        "equipment": "reactor",
        "tag": "temperature",
    }
    assert [one.record_id().split("|")[-2:] for one in run.told] == [
        ["pending", "warning"],
        ["firing", "warning"],
        ["firing", "critical"],
    ]


def test_the_figures_are_those_that_the_condition_saw():
    plant = rule(HOT, for_="60s")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 81), said.tag(30, 90)).tick(60)

    assert [(one.value, one.limit, one.unit) for one in run.told] == [
        (81, 80, "°C"),
        (90, 80, "°C"),
    ]
    assert run.told[-1].words["es"].summary == "90 of 80"


def test_what_fires_and_is_resolved_again_and_again_is_told_once_as_flapping():
    plant = rule(HOT, flapping="3")
    samples = [(60 * n, 81 if n % 2 == 0 else 79) for n in range(20)]

    told = heard(plant, *series(Sayer(plant), samples), until=99999)

    assert told == [
        *("firing 0", "resolved 60", "firing 120", "resolved 180", "firing 240 flapping"),
        "resolved 4740 flapping",
    ]


def test_firings_that_are_an_hour_apart_do_not_flap():
    plant = rule(HOT, flapping="2")
    samples = [(0, 81), (1, 79), (3600, 81), (3601, 79)]

    told = heard(plant, *series(Sayer(plant), samples), until=99999)

    assert told == ["firing 0", "resolved 1", "firing 3600", "resolved 3601"]


def test_what_is_pending_again_at_the_same_instant_is_another_alert_that_fires():
    plant = rule("{deviation_of: temperature, target: setpoint, by: 10}", for_="60s", missing="ok")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 60), said.tag(1, 71, "setpoint"), said.gap(-1, 1))
    run.hear(said.tag(1, 60)).tick(99)

    assert [one.state for one in run.told] == ["pending", "resolved", "pending", "firing"]
    ended, fired = run.told[1], run.told[3]
    assert ended.alert_id() == run.told[0].alert_id() != fired.alert_id()


def test_nothing_is_remembered_of_what_is_at_rest():
    plant = rule(HOT)
    run = Run(plant).hear(*series(Sayer(plant), [(0, 81), (1, 79)])).tick(99999)

    assert list(run.engine.dump(run.state)) == ["head"]


def test_a_tick_with_nothing_due_gives_the_same_state():
    plant = rule(HOT, for_="60s")
    run = Run(plant).hear(Sayer(plant).tag(0, 81))

    assert run.engine.tick(run.state, at(59), plant).state is run.state


def test_an_alert_whose_rule_is_no_more_is_resolved():
    plant, other = rule(HOT), rule("{tag: setpoint, above: 80}", severity="info")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 81)).hear(said.tag(5, 1), plant=other)

    assert short(run.told) == ["firing 0", "resolved 5"]


def test_an_alert_goes_on_under_another_plant_file_with_its_new_limit():
    plant, higher = rule(HOT), rule("{tag: temperature, above: 90}")
    said = Sayer(plant)
    run = (
        Run(plant)
        .hear(said.tag(0, 81))
        .hear(said.tag(5, 1, "setpoint"), said.tag(6, 95), plant=higher)
    )

    assert short(run.told) == ["firing 0", "resolved 5", "firing 6"]
