"""True, false, or not known: what each kind of condition comes to."""

from typing import Any

import pytest

from processors.rules.site import SiteEngine
from schemas.machine import TimeCategory
from schemas.plant.load import load_plant
from schemas.stops import AndonCall, Stop
from tests.processors.rules.telling import (
    PATH,
    SITE,
    Run,
    Sayer,
    at,
    heard,
    rule,
    series,
    short,
    site,
)

HOT = "{tag: temperature, above: 80}"
MUTED = """
people: [{id: ana, name: Ana, email: ana@example.com}]
chains: {first: {steps: [{people: [ana]}]}}
channels: {mail: {type: email, host: 127.0.0.1, sender: a@example.com}}
alerts:
  matrix: {info: [], warning: [mail], critical: [mail]}
  receivers: {all: {chain: first}}
  route: {receiver: all, mute: [work]}
  mute_timings: {work: {maintenance: true}}
"""


def told(when: str, samples: list[tuple[float, Any]], until: float | None = None, **more: Any):
    plant = rule(when, **more)
    return heard(plant, *series(Sayer(plant), samples), until=until)


@pytest.mark.parametrize(
    ("when", "samples", "expected"),
    [
        pytest.param(
            "{tag: temperature, below: 5}", [(0, 5), (1, 4)], ["firing 1"], id="below a limit"
        ),
        pytest.param(
            "{tag: temperature, above: 80, below: 5}",
            [(0, 81), (1, 50), (2, 4)],
            ["firing 0", "resolved 1", "firing 2"],
            id="outside of two limits",
        ),
        pytest.param(
            "{tag: temperature, below: 5, deadband: 1}",
            [(0, 4), (1, 5.5), (2, 6)],
            ["firing 0", "resolved 2"],
            id="with a deadband",
        ),
        pytest.param(
            "{rate_of: temperature, above: 10, per: 60s}",
            [(0, 20), (59, 40)],
            [],
            id="a rate is not known before its span is over",
        ),
        pytest.param(
            "{rate_of: temperature, above: 10, per: 60s}",
            [(0, 20), (60, 31)],
            ["firing 60"],
            id="a rate",
        ),
        pytest.param(
            "{rate_of: temperature, below: -10, per: 60s}",
            [(0, 20), (60, 9)],
            ["firing 60"],
            id="a falling rate",
        ),
    ],
)
def test_limits(when: str, samples: list[tuple[float, Any]], expected: list[str]):
    assert told(when, samples) == expected


def test_a_rate_is_over_when_the_change_is_long_ago():
    when = "{rate_of: temperature, above: 10, per: 60s}"

    assert told(when, [(0, 20), (100, 40)], until=160) == ["firing 100", "resolved 160"]


def test_a_deviation_from_a_target_that_is_another_tag():
    plant = rule("{deviation_of: temperature, target: setpoint, by: 5}")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 60), said.tag(1, 60, "setpoint"), said.tag(2, 54))
    run.hear(said.tag(3, 50, "setpoint"))

    assert short(run.told) == ["firing 2", "resolved 3"]
    assert (run.told[0].value, run.told[0].limit, run.told[0].unit) == (54, 55, "°C")


@pytest.mark.parametrize(
    ("equals", "value", "is_met"),
    [("hand", "hand", True), ("hand", "auto", False), ("2", 2, True), ("true", 1, True)],
)
def test_a_value_is_this_one(equals: str, value: Any, is_met: bool):
    plant = rule(f"{{tag: mode, equals: {equals}}}")

    assert bool(heard(plant, Sayer(plant).tag(0, value, "mode"))) is is_met


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("hold", []), ("ok", ["resolved 10"]), ("fire", [])],
)
def test_what_is_not_known_is_as_before_or_as_the_rule_says(missing: str, expected: list[str]):
    plant = rule(HOT, missing=missing)
    said = Sayer(plant)

    assert heard(plant, said.tag(0, 81), said.tag(10, None)) == ["firing 0", *expected]


def test_a_missing_value_fires_where_the_rule_says_so():
    assert told(HOT, [(0, 20), (5, None)], missing="fire") == ["firing 5"]


def test_a_value_of_bad_quality_is_not_known():
    plant = rule(HOT, missing="ok")
    bad = Sayer(plant).frame({"temperature": [(0, 99)]}, quality=[0x80000000])

    assert heard(plant, bad) == []


def test_after_a_gap_values_are_not_known_until_they_are_told_again():
    plant = rule(HOT, missing="ok")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 81), said.gap(5, 60), said.tag(61, 82))

    assert short(run.told) == ["firing 0", "resolved 60", "firing 61"]


@pytest.mark.parametrize(
    ("temperature", "mode", "expected"),
    [(90, "hand", 1), (90, "auto", 0), (70, "hand", 0), (90, None, 0), (70, None, 0)],
)
def test_all_of_them(temperature: float, mode: str | None, expected: int):
    plant = rule("{all: [{tag: temperature, above: 80}, {tag: mode, equals: hand}]}")
    said = Sayer(plant)

    assert len(heard(plant, said.tag(0, temperature), said.tag(1, mode, "mode"))) == expected


def test_any_of_them_and_not():
    plant = rule("{any: [{tag: temperature, above: 80}, {not: {tag: mode, equals: auto}}]}")
    said = Sayer(plant)
    run = Run(plant).hear(said.tag(0, 20), said.tag(1, "hand", "mode"), said.tag(2, "auto", "mode"))

    assert short(run.told) == ["firing 1", "resolved 2"]


def test_samples_of_one_instant_in_a_frame_are_seen_together():
    plant = rule("{all: [{tag: temperature, above: 80}, {tag: setpoint, above: 10}]}")
    said = Sayer(plant)
    before = said.frame({"temperature": [(0, 20)], "setpoint": [(0, 20)]})
    swapped = said.frame({"temperature": [(1, 90)], "setpoint": [(1, 0)]})

    assert heard(plant, before, swapped) == []


def test_an_alarm_of_the_device():
    plant = rule("{alarm: 500}")
    said = Sayer(plant)
    run = Run(plant).hear(said.alarm(0, 499), said.alarm(1, 500, name="b"))
    run.hear(said.alarm(3, 500, active=False, name="b"))

    assert short(run.told) == ["firing 1", "resolved 3"]
    assert run.told[0].value == "Too hot"


def test_a_call_that_was_cleared_before_it_was_heard_of_is_late():
    plant = rule("{andon: [critical]}")
    said = Sayer(plant)

    assert heard(plant, said.clear(60), said.call(5)) == ["firing 5 late", "resolved 60 late"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("any", ["firing 5", "resolved 60"]),
        ("planned", ["firing 5", "resolved 60"]),
        ("unplanned", []),
    ],
)
def test_maintenance_from_its_announcement_to_its_end(kind: str, expected: list[str]):
    plant = rule(f"{{maintenance: {kind}}}")
    said = Sayer(plant)
    run = Run(plant).hear(said.maintenance(5), said.maintenance_ends(60))
    assert short(run.told) == expected


def test_maintenance_that_a_mute_timing_waits_for_is_an_alert_by_itself():
    file = load_plant(
        rule("{tag: temperature, above: 80}").text + MUTED,
        "plant.yaml",
    )
    said = Sayer(file)
    run = Run(file).hear(said.maintenance(5), said.maintenance_ends(60))
    assert [(one.labels["alertname"], one.state, one.severity) for one in run.told] == [
        ("Maintenance", "firing", "info"),
        ("Maintenance", "resolved", "info"),
    ]
    assert run.told[0].labels["equipment"] == "reactor"
    assert run.told[0].words["es"].summary == "Mantenimiento de Reactor A"


def test_a_state_that_is_not_known_ends_no_stop():
    plant = rule("{state: [unplanned_stop], longer_than: 60s}")
    said = Sayer(plant)
    states = [said.state(0, "unplanned_stop"), said.state(30, "unknown")]

    assert heard(plant, *states, said.state(40, "unplanned_stop"), until=60) == ["firing 60"]


COUNTED = "{count_of: andon, more_than: 2, within: 5m}"


def calls(version: str, *seconds: float) -> list[AndonCall]:
    return [
        AndonCall(
            plant_version=version,
            equipment=PATH,
            andon=f"c{second}",
            kind="material",
            priority="low",
            raised_at=at(second),
            raised_by="ana",
        )
        for second in seconds
    ]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param((0, 100, 299), ["firing 299", "resolved 300"], id="three in five minutes"),
        pytest.param((0, 100, 300), [], id="the first one is five minutes ago"),
        pytest.param((0, 100), [], id="two"),
        pytest.param((0, 100, 100, 100), [], id="one of them told three times"),
        pytest.param((100, 0, 50), ["firing 100", "resolved 300"], id="in any order"),
    ],
)
def test_a_count_in_a_window(seconds: tuple[float, ...], expected: list[str]):
    plant = rule(COUNTED)

    assert short(site(plant, *calls(plant.version, *seconds)).tick(900).told) == expected


def test_a_stop_that_is_taken_back_does_not_count():
    plant = rule("{count_of: stop, more_than: 0, within: 5m}")
    stop = Stop(
        plant_version=plant.version,
        equipment=PATH,
        start=at(0),
        category=TimeCategory.UNPLANNED_STOP,
        day=at(0).date(),
    )
    run = Run(plant, SiteEngine(), SITE).hear(stop, stop.model_copy(update={"end": stop.start}))

    assert short(run.told) == ["firing 0", "resolved 0"]


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("quality", [None, 0x800A0000], ids=["a gap", "bad quality"])
def test_a_rate_is_not_known_from_before_a_value_was_missing(quality: Any, is_written: bool):
    plant = rule("{rate_of: temperature, per: 1m, below: -5}")
    said, hours = Sayer(plant), 8 * 3600
    run = Run(plant, written=is_written)
    run.hear(*(said.tag(second, 80) for second in range(0, 300, 10)))
    if quality is None:
        run.hear(said.gap(290, 290 + hours))
    else:
        run.hear(said.frame({"temperature": [(300, None)]}, quality=[quality]))
    run.hear(*(said.tag(300 + hours + second, 20) for second in range(0, 200, 10)))

    assert not run.told

    run.hear(said.tag(500 + hours, 12))

    assert short(run.told) == [f"firing {500 + hours}"]


def test_a_change_that_is_no_number_is_not_known():
    samples: list[tuple[float, Any]] = [(0, -1.7e308), (60, 1.7e308), (61, 1.7e308), (130, 1.7e308)]

    assert told("{rate_of: temperature, above: 10, per: 60s}", samples, until=300) == []
    assert told("{rate_of: temperature, above: 10, per: 60s}", [(0, 0), (60, 1e308)])


def test_a_limit_that_is_no_number_is_not_told():
    plant = rule("{deviation_of: temperature, target: setpoint, by: 1.0e+308}")
    said = Sayer(plant)

    run = Run(plant).hear(said.tag(0, -1.7e308, "setpoint"), said.tag(1, 1.7e308))
    run.hear(said.tag(2, -1.75e308))

    assert short(run.told) == ["firing 1", "resolved 2"]
    assert run.told[-1].limit is None


@pytest.mark.parametrize(
    "word",
    [
        pytest.param(
            lambda said, at: said.frame({"temperature": [(at, None)]}, quality=[0x800A0000]),
            id="values of bad quality",
        ),
        pytest.param(lambda said, at: said.state(at, "unknown"), id="a state that is not known"),
    ],
)
def test_what_the_edge_says_of_equipment_that_does_not_answer_is_no_sign_of_life(word: Any):
    plant = rule("{absent: equipment, after: 60s}")
    said = Sayer(plant)

    events = [word(said, seconds) for seconds in range(2, 200, 2)]

    assert heard(plant, said.tag(0, 50), *events, until=200) == ["firing 60"]


def test_a_good_value_beside_bad_ones_is_a_sign_of_life_of_its_time():
    plant = rule("{absent: equipment, after: 60s}")
    said = Sayer(plant)
    frame = said.frame({"temperature": [(0, 5), (30, 5), (50, None)]}, quality=[0, 0, 0x800A0000])

    assert heard(plant, frame, until=100) == ["firing 90"]
