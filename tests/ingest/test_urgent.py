"""What crosses a limit of an alert rule is urgent, what stays beyond it is not."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from ingest.crossings import NOWHERE
from ingest.input import BAD, Alarm, Alive, Sample
from ingest.urgent import URGENT_PER_S, Urgency
from schemas.plant.load import PlantFile, load_plant
from tests.ingest.kit import OPEN_SOURCE, PLANT, REACTOR, STATION, at, plant, sample

SETPOINT = "      - {name: setpoint, unit: degC}\n      - {name: note}\n"


def with_rules(*conditions: str, on: str = "{}", **changes: str) -> PlantFile:
    rules = [
        f"  - {{alert: R{number}, when: {one}, on: {on}, severity: info, summary: x}}"
        for number, one in enumerate(conditions)
    ]
    text = PLANT.replace("      - {name: note}\n", SETPOINT)
    for old, new in changes.items():
        text = text.replace(f"{{name: {old}, unit: degC}}", new)
    return load_plant("\n".join((text, "alert_rules:", *rules)), "plant.yaml")


def urgent(urgency: Urgency, *values: Any, tag: str = "temperature") -> list[bool]:
    """Of each of these values, a second after the one before, whether it is urgent."""
    return [
        urgency.among([sample(tag, value, place)], place) == {REACTOR}
        for place, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        pytest.param(
            "{tag: temperature, above: 80}", (79, 80, 81, 95, 80, 79), "..!.!.", id="above"
        ),
        pytest.param("{tag: temperature, below: 10}", (11, 9, 8, 10), ".!.!", id="below"),
        pytest.param(
            "{tag: temperature, above: 80, below: 10}", (20, 90, 5, 20), ".!!!", id="both sides"
        ),
        pytest.param(
            "{tag: temperature, above: 80, deadband: 2}",
            (81, 79, 81, 78, 79),
            "!..!.",
            id="back by the deadband",
        ),
        pytest.param("{tag: temperature, above: 80}", (90,), "!", id="beyond from the beginning"),
        pytest.param("{tag: temperature, equals: 3}", (1, 3, 3.0, 4), ".!.!", id="equals"),
        pytest.param(
            "{deviation_of: temperature, target: 50, by: 5}", (50, 56, 44, 50), ".!.!", id="target"
        ),
        pytest.param(
            "{rate_of: temperature, per: 2s, above: 5}", (1, 2, 3, 9, 9, 9), "...!.!", id="rate"
        ),
        pytest.param(
            "{all: [{tag: temperature, above: 80}, {not: {tag: temperature, above: 90}}]}",
            (79, 85, 95, 85, 79),
            ".!!!!",
            id="each limit of a compound",
        ),
        pytest.param("{tag: temperature, above: 80}", (90, None, 91), "!..", id="no value"),
        pytest.param("{tag: temperature, above: 80}", ("90", "x"), "..", id="texts"),
        pytest.param("{absent: temperature, after: 5s}", (1, 2), "..", id="silence is no value"),
    ],
)
def test_only_what_crosses_is_urgent(rule: str, values: tuple[Any, ...], expected: str) -> None:
    found = urgent(Urgency.of(with_rules(rule)), *values)
    assert "".join(".!"[one] for one in found) == expected


def test_a_target_that_moves_crosses_as_well() -> None:
    rules = with_rules("{deviation_of: temperature, target: setpoint, by: 5}")
    urgency = Urgency.of(rules)
    assert urgent(urgency, 50) == [False]
    assert urgent(urgency, 50, 60, tag="setpoint") == [False, True]
    assert urgent(urgency, 58) == [True]


def test_limits_are_in_the_unit_of_the_plant() -> None:
    rule = "{tag: temperature, above: 80}"
    tag = "{name: temperature, unit: °C, source_unit: °F}"
    assert urgent(Urgency.of(with_rules(rule, temperature=tag)), 100, 180) == [False, True]


def test_a_bad_or_historical_value_is_not_urgent() -> None:
    urgency = Urgency.of(with_rules("{tag: temperature, above: 80}"))
    bad = sample("temperature", 99, quality=BAD)
    assert not urgency.among([bad, sample("temperature", 99)._replace(historical=True)], 0)
    assert urgency.among([sample("temperature", 99)], 0)


def test_a_change_of_state_is_urgent_without_a_rule() -> None:
    urgency = Urgency.of(plant())
    assert urgent(urgency, "6", "6", "STOPPED", tag="state") == [True, False, True]
    rpm = [Sample(STATION, "state", value, at(0)) for value in (5, 20, 30, 7)]
    assert [bool(urgency.among([one], place)) for place, one in enumerate(rpm)] == [
        *(True, True, False, True)
    ]


@pytest.mark.parametrize(("severity", "expected"), [(400, False), (500, True)])
def test_an_alarm_of_the_device_that_a_rule_waits_for_is_urgent(
    severity: int, expected: bool
) -> None:
    alarm = Alarm(REACTOR, "c", "TooHot", "n", "N", severity, "", True, False, True, at(0))
    text = PLANT.replace("id: reactor,", "id: reactor, source: line,") + OPEN_SOURCE
    text = text.replace("- {name: ", '- {node: "s={id}", name: ')
    rule = "{alert: A, when: {alarm: 500}, severity: info, summary: x}"
    rules = load_plant(f"{text}alert_rules: [{rule}]", "plant.yaml")
    assert bool(Urgency.of(rules).among([alarm], 0)) is expected
    assert not Urgency.of(plant()).among([alarm], 0)


def test_rules_about_others_and_other_tags_make_nothing_urgent() -> None:
    urgency = Urgency.of(with_rules("{tag: temperature, above: 80}", on="{ids: [station]}"))
    assert not urgency.among([sample("temperature", 99), sample("note", 99)], 0)
    assert not urgency.among([Alive(REACTOR, at(0)), Sample("elsewhere", "x", 1, at(0))], 0)
    assert urgency.among([sample("temperature", 99, equipment=STATION)], 0) == {STATION}


def test_a_signal_that_chatters_is_urgent_only_so_often() -> None:
    urgency = Urgency.of(with_rules("{tag: temperature, above: 80}"))
    found = [
        bool(urgency.among([sample("temperature", 90 * (number % 2), number)], number / 100))
        for number in range(1, 301)
    ]
    assert [sum(found[begin : begin + 100]) for begin in (0, 100, 200)] == [URGENT_PER_S] * 3


@given(st.lists(st.floats(60, 100), max_size=50), st.data())
def test_how_values_are_put_together_makes_none_less_urgent(
    values: list[float], data: st.DataObject
) -> None:
    one_by_one = urgent(Urgency.of(with_rules("{tag: temperature, above: 80}")), *values)
    together, begin = Urgency.of(with_rules("{tag: temperature, above: 80}")), 0
    while begin < len(values):
        end = data.draw(st.integers(begin + 1, len(values)))
        part = [sample("temperature", value) for value in values[begin:end]]
        assert bool(together.among(part, begin)) == any(one_by_one[begin:end])
        begin = end


@given(
    st.sampled_from(
        [
            "{tag: temperature, above: 80, below: 70}",
            "{tag: temperature, above: 80, deadband: 15, below: 70}",
            "{tag: temperature, below: 70, deadband: 15, above: 80}",
            "{deviation_of: temperature, target: 75, by: 5, deadband: 2}",
        ]
    ),
    st.lists(st.integers(50, 100) | st.floats(50, 100), max_size=30),
    st.sampled_from(["degC", "°C, factor: 0.5, offset: 40", "°C, factor: -0.5, offset: 100"]),
)
def test_what_is_passed_over_quickly_crosses_nothing(
    rule: str, values: list[float], unit: str
) -> None:
    file = with_rules(rule, temperature=f"{{name: temperature, unit: {unit}}}")
    slow = Urgency.of(file)
    expected = []
    for place, value in enumerate(values):
        for one in slow._tags.values():
            one.low, one.high = NOWHERE
        expected += [bool(slow.among([sample("temperature", value)], place))]
    assert urgent(Urgency.of(file), *values) == expected


def test_another_plant_file_keeps_the_sides_of_what_is_looked_at_as_before() -> None:
    urgency = Urgency.of(with_rules("{tag: temperature, above: 80}"))
    assert urgent(urgency, 90) == [True]
    urgency.adopt(with_rules("{tag: temperature, above: 80}"))
    assert urgent(urgency, 91) == [False]
    urgency.adopt(with_rules("{tag: temperature, above: 85}"))
    assert urgent(urgency, 92) == [True]
