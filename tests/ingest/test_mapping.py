"""Sentences about one observation: which events it leads to, and what it never breaks."""

import math
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ingest.drafts import Step
from ingest.input import BAD, Alarm, Alive, Missed, Sample
from ingest.mapping import NO_COMMUNICATION, place, plain_reading, step
from ingest.memory import Memory
from ingest.rules import plant_rules
from ingest.values import UNCERTAIN
from schemas.plant.load import PlantFile, load_plant
from tests.ingest.kit import NOW, PLANT, REACTOR, STATION, at, plant, sample

RULES = plant_rules(plant())
RUNNING = ("state_changed", {"category": "running", "state": "6"})


def play(*seen: Sample | Alive | Missed, restarted: bool = False) -> list[Step]:
    memory, found = Memory(), []
    for one in seen:
        if restarted:
            memory = Memory.load(memory.dump())
        found.append(step(RULES[one.equipment], memory, one))
        memory = found[-1].memory
    return found


def said(steps: list[Step]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (event.kind.model_fields["type"].default, dict(event.fields))
        for one in steps
        for event in one.events
    ]


UNREADABLE_STATE = (
    "state_changed",
    {"category": "unknown", "state": None, "reason": "value is no state"},
)


@pytest.mark.parametrize(
    ("seen", "events"),
    [
        pytest.param([sample("state", 6)], [RUNNING], id="the first state is news"),
        pytest.param([sample("state", 6), sample("state", 6, 1)], [RUNNING], id="the same is not"),
        pytest.param([sample("state", 6.0)], [RUNNING], id="6.0 is 6"),
        pytest.param([sample("state", " 6 ")], [RUNNING], id="blanks around a word are nothing"),
        pytest.param(
            [sample("state", True)],
            [("state_changed", {"category": "running", "state": "true"})],
            id="a boolean is true or false",
        ),
        pytest.param(
            [sample("state", "JAMMED"), sample("state", "OPEN", 1)],
            [
                ("state_changed", {"category": "unplanned_stop", "state": "JAMMED"}),
                ("state_changed", {"category": "unplanned_stop", "state": "OPEN"}),
            ],
            id="a state nobody named is otherwise, and the device's word counts",
        ),
        pytest.param(
            [sample("state", 6, quality=BAD), sample("state", 6, 1, quality=BAD | 7)],
            [("state_changed", {"category": "unknown", "state": None,
                                "reason": "quality 0x80000000"})],
            id="bad quality is unknown, once",
        ),
        pytest.param(
            [sample("state", 6, quality=UNCERTAIN)], [RUNNING], id="uncertain counts as good"
        ),
        pytest.param([sample("state", None)], [UNREADABLE_STATE], id="no value is unknown"),
        pytest.param([sample("state", math.nan)], [UNREADABLE_STATE], id="NaN is unknown"),
        pytest.param(
            [sample("state", speed, equipment=STATION) for speed in (10, 10.5, 99)],
            [
                ("state_changed", {"category": "delay", "state": None}),
                ("state_changed", {"category": "running", "state": None}),
            ],
            id="running above a speed, and not at it",
        ),
        pytest.param(
            [sample("state", "fast", equipment=STATION)], [UNREADABLE_STATE], id="no speed at all"
        ),
        pytest.param(
            [sample("batch", "A"), sample("batch", "B", 1), sample("batch", "", 2)],
            [
                ("batch_started", {"batch": "A"}),
                ("batch_started", {"batch": "B"}),
                ("batch_ended", {"batch": "B"}),
            ],
            id="batches begin, follow and end",
        ),
        pytest.param([sample("batch", "")], [], id="no batch ends where none was open"),
        pytest.param(
            [sample("batch", 0), sample("batch", None, 1)],
            [("batch_started", {"batch": "0"}), ("batch_ended", {"batch": "0"})],
            id="0 is a batch, None is none",
        ),
        pytest.param(
            [sample("batch", "A"), sample("batch", "", quality=BAD), sample("batch", "x" * 101)],
            [("batch_started", {"batch": "A"})],
            id="an untrusted or endless name ends no batch",
        ),
        pytest.param(
            [sample("product", 7.0), sample("product", "")],
            [("product_changed", {"product": "7"}), ("product_changed", {"product": None})],
            id="a product, and nobody knows which",
        ),
        pytest.param(
            [sample("good", 5), sample("good", 8), sample("scrap", 0), sample("scrap", 3),
             sample("rework", 1), sample("rework", 2)],
            [
                ("parts_counted", {"good": 3}),
                ("parts_counted", {"scrap": 1}),
                ("parts_counted", {"rework": 1}),
            ],
            id="every counter counts for itself",
        ),
        pytest.param(
            [sample("good", 65535), sample("good", 2)],
            [
                ("counter_reset",
                 {"tag": "good", "before": "65535", "after": "2", "rolled_over": True}),
                ("parts_counted", {"good": 3}),
            ],
            id="a roll-over says so before it counts",
        ),
        pytest.param(
            [sample("good", 5), sample("good", 9, quality=BAD), sample("good", 6)],
            [("parts_counted", {"good": 1})],
            id="a bad count is no count",
        ),
        pytest.param(
            [sample("phase", "mix"), sample("phase", " mix ", 1), sample("phase", "", 2)],
            [("phase_changed", {"phase": "mix"}), ("phase_changed", {"phase": None})],
            id="a phase, and none",
        ),
        pytest.param(
            [sample("phase", "mix"), sample("phase", "heat", 1, quality=BAD)],
            [("phase_changed", {"phase": "mix"})],
            id="an untrusted phase is none",
        ),
        pytest.param(
            [sample("cycle", 30.5), sample("cycle", 30.5, 31), sample("cycle", 30.5, 31)],
            [("cycle_completed", {"duration_ms": 30_500})] * 2,
            id="the same cycle time at another time is another cycle",
        ),
        pytest.param(
            [sample("cycle", 3, 1, quality=BAD), sample("cycle", 0, 2), sample("cycle", -1, 3),
             sample("cycle", "x", 4), sample("cycle", True, 5), sample("cycle", 604_801, 6)],
            [],
            id="what is no cycle time is no cycle",
        ),
        pytest.param(
            [sample("why", "jam"), sample("state", 6), sample("state", "JAMMED", 1),
             sample("why", "no film", 2), sample("why", "", 3), sample("state", 6, 4)],
            [
                RUNNING,
                ("state_changed",
                 {"category": "unplanned_stop", "state": "JAMMED", "reason": "jam"}),
                ("state_changed",
                 {"category": "unplanned_stop", "state": "JAMMED", "reason": "no film"}),
                RUNNING,
            ],
            id="a device's own reason goes along with its stops",
        ),
        pytest.param([Alive(REACTOR, NOW)], [("heartbeat", {})], id="alive"),
        pytest.param(
            [sample("state", 6), Missed(REACTOR, at(1), at(9), "line cut", 4), sample("state", 6)],
            [
                RUNNING,
                ("gap", {"start": at(1), "reason": "line cut", "lost": 4}),
                RUNNING,
            ],
            id="after a gap the same state is news",
        ),
        pytest.param([sample("temperature", 21.5)], [], id="a measurement is no event"),
        pytest.param([sample("colour", "red")], [], id="a tag that nobody knows is no event"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "restarted", [pytest.param(False, id="in one go"), pytest.param(True, id="restarted")]
)
def test_events(seen: list[Any], events: list[Any], restarted: bool) -> None:
    assert said(play(*seen, restarted=restarted)) == events


@pytest.mark.parametrize(
    ("seen", "value", "quality", "problems"),
    [
        pytest.param(sample("temperature", 21), 21.0, 0, (), id="a number"),
        pytest.param(sample("temperature", True), 1.0, 0, (), id="a boolean is a number"),
        pytest.param(sample("note", "hello "), "hello", 0, (), id="a text"),
        pytest.param(sample("batch", 368), "368", 0, (), id="a name is a text"),
        pytest.param(sample("batch", None), None, 0, (), id="no batch is no mistake"),
        pytest.param(sample("temperature", math.nan), None, BAD, ("wrong_value",), id="NaN"),
        pytest.param(sample("temperature", -math.inf), None, BAD, ("wrong_value",), id="infinity"),
        pytest.param(sample("temperature", 10**400), None, BAD, ("wrong_value",), id="no float"),
        pytest.param(sample("temperature", 1.1e150), None, BAD, ("wrong_value",), id="too large"),
        pytest.param(sample("temperature", -1e151), None, BAD, ("wrong_value",), id="too small"),
        pytest.param(sample("temperature", 1e150), 1e150, 0, (), id="just not too large"),
        pytest.param(sample("note", 1e200), None, BAD, ("wrong_value",), id="too large for a note"),
        pytest.param(
            sample("cycle", -1.7e308), None, BAD, ("cycle_time_not_usable",), id="a cycle of never"
        ),
        pytest.param(
            sample("cycle", -5.0), -5.0, 0, ("cycle_time_not_usable",), id="a cycle below 0"
        ),
        pytest.param(
            sample("state", 1.797e308, equipment=STATION),
            None,
            BAD,
            ("state_not_readable",),
            id="a speed that nothing has",
        ),
        pytest.param(sample("temperature", "hot"), None, BAD, ("wrong_value",), id="wrong type"),
        pytest.param(sample("temperature", None), None, BAD, ("no_value",), id="nothing"),
        pytest.param(sample("note", "x" * 1001), None, BAD, ("wrong_value",), id="endless text"),
        pytest.param(sample("note", "a\0b"), None, BAD, ("wrong_value",), id="NUL in a text"),
        pytest.param(sample("note", "\ud800"), None, BAD, ("wrong_value",), id="half a character"),
        pytest.param(
            sample("temperature", 5, quality=BAD | 9), 5.0, BAD | 9, (), id="bad quality is kept"
        ),
        pytest.param(
            sample("temperature", 5, quality=UNCERTAIN), 5.0, UNCERTAIN, (), id="uncertain is kept"
        ),
        pytest.param(
            sample("good", "many"), None, BAD, ("counter_not_a_number",), id="one problem, not two"
        ),
        pytest.param(sample("good", -1), -1.0, 0, ("counter_negative",), id="a negative count"),
        pytest.param(sample("good", 1, quality=BAD), 1.0, BAD, ("bad_quality",), id="a bad count"),
    ],
)
def test_readings(seen: Sample, value: Any, quality: int, problems: tuple[str, ...]) -> None:
    found = play(seen)[0]

    (reading,) = found.readings
    assert (reading.value, reading.quality) == (value, quality)
    assert found.problems == problems


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(10**400)
)


@given(
    st.sampled_from(["temperature", "note", "good", "state", "batch", "cycle", "nowhere"]),
    VALUES,
    st.sampled_from([0, UNCERTAIN, BAD]),
    st.booleans(),
)
def test_what_is_read_the_short_way_is_what_the_long_one_gives(
    tag: str, value: Any, quality: int, historical: bool
) -> None:
    seen = sample(tag, value, quality=quality)._replace(historical=historical)
    rules, memory = plant_rules(plant())[REACTOR], Memory()
    reading = plain_reading(rules, seen)
    assert reading is None or step(rules, memory, seen) == Step(memory, (), (reading,))


@pytest.mark.parametrize(
    ("keys", "is_plain"),
    [
        pytest.param("", True, id="just a number"),
        pytest.param(", deadband: {absolute: 1}", False, id="not every value is told"),
        pytest.param(", factor: 2", False, id="in another unit"),
    ],
)
def test_only_what_is_told_as_it_is_goes_the_short_way(keys: str, is_plain: bool) -> None:
    rules = reactor_rules("temperature, unit: degC}", f"temperature, unit: degC{keys}}}")
    assert (plain_reading(rules, sample("temperature", 5.0)) is not None) is is_plain


def reactor_rules(was: str, is_now: str) -> Any:
    assert PLANT.count(was) == 1
    return plant_rules(load_plant(PLANT.replace(was, is_now), "plant.yaml"))[REACTOR]


def test_several_counters_add_up_and_each_has_its_own_baseline() -> None:
    rules = reactor_rules("means: good_count,", "means: produced_count,")
    more = replace(rules.tags["good"], tag=rules.tags["good"].tag.model_copy(update={"name": "b"}))
    rules = replace(rules, tags={**rules.tags, "b": more})
    memory, found = Memory(), []
    for tag, value in (("good", 100), ("b", 7), ("good", 103), ("b", 12), ("scrap", 0)):
        done = step(rules, memory, sample(tag, value))
        memory = done.memory
        found.append(done)

    assert said(found) == [("parts_counted", {"produced": 3}), ("parts_counted", {"produced": 5})]


def test_a_jump_of_a_counter_is_a_problem_and_a_reset_and_no_parts() -> None:
    rules = reactor_rules("means: good_count,", "means: good_count, most_per_s: 10,")
    memory = step(rules, Memory(), sample("good", 100)).memory
    found = step(rules, memory, sample("good", 5000, 2))

    fields = {"tag": "good", "before": "100", "after": "5000", "rolled_over": False}
    assert said([found]) == [("counter_reset", fields)]
    assert (found.problems, found.shown) == (("counter_jump",), "100 -> 5000 in 2 s")
    follows = step(rules, found.memory, sample("good", 5004, 3))
    assert said([follows]) == [("parts_counted", {"good": 4})]


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        pytest.param("unit: s", 90, id="seconds"),
        pytest.param("unit: min", 1.5, id="minutes"),
        pytest.param("unit: s, source_unit: ms", 90_000, id="milliseconds at the source"),
        pytest.param("factor: 0.01", 9_000, id="hundredths"),
    ],
)
def test_a_cycle_time_is_in_its_unit(keys: str, value: float) -> None:
    rules = reactor_rules("means: cycle_time", f"means: cycle_time, {keys}")

    found = step(rules, Memory(), sample("cycle", value))

    assert said([found]) == [("cycle_completed", {"duration_ms": 90_000})]


@pytest.mark.parametrize("value", [-1.7e308, 1.7e308, -1e306, math.nan, 0, 0.0004])
def test_no_cycle_is_so_long_or_so_short(value: float) -> None:
    found = play(sample("cycle", value))

    assert said(found) == []
    assert found[0].problems == ("cycle_time_not_usable",)


def test_a_register_tells_a_cycle_by_another_value_only() -> None:
    cycle = RULES[REACTOR].tags["cycle"]
    polled = cycle.tag.model_copy(update={"register_": "stands for one"})
    rules = replace(
        RULES[REACTOR], tags={**RULES[REACTOR].tags, "cycle": replace(cycle, tag=polled)}
    )
    memory, found = Memory(), []
    for second, value in enumerate((30, 30, 31, 31, 30)):
        done = step(rules, memory, sample("cycle", value, second))
        memory = done.memory
        found.append(done)

    assert [len(one.events) for one in found] == [0, 0, 1, 0, 1]


def test_an_event_keeps_a_time_that_runs_backwards() -> None:
    found = play(sample("state", 6, 100), sample("state", "STOPPED", 40))

    assert [one.events[0].source_time for one in found] == [at(100), at(40)]


@pytest.mark.parametrize(
    "seconds",
    [pytest.param(-86_400, id="of a day ago"), pytest.param(300, id="of a clock ahead by 5 min")],
)
def test_a_time_within_the_limit_is_believed(seconds: int) -> None:
    seen = sample("state", 6, seconds)

    assert place(seen, NOW, timedelta(hours=24)) == (seen, False)


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(-86_401, id="too old"),
        pytest.param(301, id="too new"),
        pytest.param(3600, id="local time that calls itself UTC"),
    ],
)
def test_an_unbelievable_time_becomes_the_edges_and_uncertain(seconds: int) -> None:
    moved, flagged = place(sample("state", 6, seconds), NOW, timedelta(hours=24))

    assert flagged
    assert (moved.source_time, moved.quality) == (NOW, UNCERTAIN)


def test_a_recording_is_believed_whatever_it_says() -> None:
    seen = sample("state", 6, -(10**8))

    assert place(seen, NOW, None) == (seen, False)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        pytest.param(215, pytest.approx(-18.5), id="a whole number"),
        pytest.param(21.5, pytest.approx(-37.85), id="a fraction"),
        pytest.param(None, None, id="nothing"),
        pytest.param(True, 1.0, id="a truth value is no number to scale"),
    ],
)
def test_a_measured_value_is_in_its_unit(raw: Any, kept: Any) -> None:
    text = PLANT.replace("unit: degC", "unit: degC, factor: 0.1, offset: -40")
    rules = plant_rules(load_plant(text, "plant.yaml"))
    found = step(rules[REACTOR], Memory(), sample("temperature", raw)).readings[0]
    assert found is not None
    assert found.value == kept


def test_a_whole_number_that_no_float_holds_is_no_value_of_a_scaled_tag() -> None:
    text = PLANT.replace("unit: degC", "unit: degC, factor: 0.1")
    rules = plant_rules(load_plant(text, "plant.yaml"))
    found = step(rules[REACTOR], Memory(), sample("temperature", 10**400))

    assert [(one.value, one.quality) for one in found.readings] == [(None, BAD)]
    assert found.problems == ("wrong_value",)


def test_a_scaled_speed_is_above_its_limit_in_its_unit() -> None:
    text = PLANT.replace("running_above: 10,", "running_above: 10, factor: 0.01,")
    rules = plant_rules(load_plant(text, "plant.yaml"))
    found = [
        step(rules[STATION], Memory(), sample("state", raw, equipment=STATION)).events[0]
        for raw in (1_000, 1_001)
    ]
    assert [one.fields["category"] for one in found] == ["delay", "running"]


def test_a_historical_value_is_telemetry_of_its_time_and_never_the_state_of_now() -> None:
    old = sample("state", "STOPPED", 40)._replace(historical=True)
    found = play(sample("state", 6, 100), old, sample("state", 6, 110))

    assert said(found) == [RUNNING]
    assert [reading.at for reading in found[1].readings] == [at(40)]


@pytest.mark.parametrize(
    ("seconds", "is_moved"), [pytest.param(-(10**8), False), pytest.param(301, True)]
)
def test_a_historical_time_may_be_old_and_not_to_come(seconds: int, is_moved: bool) -> None:
    seen = sample("state", 6, seconds)._replace(historical=True)

    assert place(seen, NOW, timedelta(hours=24))[1] == is_moved


TWO_SOURCES = PLANT.replace("- {name: state,", "- {name: state, source: plc,").replace(
    "name: temperature", "name: temperature, source: meter"
)


@pytest.mark.parametrize(
    ("source", "gaps", "readings"),
    [
        pytest.param("plc", 1, [], id="the state was not seen"),
        pytest.param("meter", 0, [("temperature", NO_COMMUNICATION)], id="the state was seen"),
        pytest.param(None, 1, [], id="nothing was seen"),
    ],
)
def test_only_where_the_state_was_not_seen_is_it_unknown(
    source: str | None, gaps: int, readings: list[tuple[str, int]]
) -> None:
    rules = plant_rules(unchecked_plant(TWO_SOURCES))[REACTOR]
    memory = step(rules, Memory(), sample("state", 6)).memory

    found = step(rules, memory, Missed(REACTOR, at(1), at(5), "gone", source=source))

    assert len(found.events) == gaps
    assert [(one.tag, one.quality) for one in found.readings] == readings
    assert (found.memory.category is None) == bool(gaps)


@pytest.mark.parametrize(
    ("source", "heartbeats"),
    [
        pytest.param("plc", 1, id="the state is read there"),
        pytest.param("meter", 0, id="the state is read elsewhere"),
        pytest.param(None, 1, id="all of it is"),
        pytest.param("recording", 1, id="no tag names it, as a recording, which has them all"),
    ],
)
def test_only_the_source_of_the_state_says_that_it_still_holds(
    source: str | None, heartbeats: int
) -> None:
    rules = plant_rules(unchecked_plant(TWO_SOURCES))[REACTOR]

    found = step(rules, Memory(), Alive(REACTOR, at(1), source))

    assert len(found.events) == heartbeats


def test_where_no_source_tells_a_state_each_is_a_sign_of_life() -> None:
    text = re.sub(r"\n.*means:.*", "", TWO_SOURCES, count=9)
    text = text.replace("{name: note}", "{name: note, source: plc, unit: rpm}")
    rules = plant_rules(unchecked_plant(text))[REACTOR]

    found = [step(rules, Memory(), Alive(REACTOR, at(1), one)) for one in ("plc", "meter")]

    assert [len(one.events) for one in found] == [1, 1]


@pytest.mark.parametrize(
    ("alive", "told"),
    [
        pytest.param(Alive(REACTOR, at(61), "meter"), ["temperature"], id="of the meter"),
        pytest.param(Alive(REACTOR, at(61), "plc"), ["note"], id="of the controller"),
        pytest.param(Alive(REACTOR, at(61)), ["temperature", "note"], id="of all"),
        pytest.param(
            Alive(REACTOR, at(61), "plc", frozenset({"state"})), [], id="of one of its parts"
        ),
    ],
)
def test_a_value_is_told_again_only_while_its_own_source_lives(
    alive: Alive, told: list[str]
) -> None:
    text = TWO_SOURCES.replace("unit: degC", "unit: degC, max_interval_s: 60")
    text = text.replace("{name: note}", "{name: note, source: plc, max_interval_s: 60}")
    rules = plant_rules(unchecked_plant(text))[REACTOR]
    memory = step(rules, Memory(), sample("temperature", 20.0)).memory
    memory = step(rules, memory, sample("note", "all is well")).memory

    found = step(rules, memory, alive)

    assert [one.tag for one in found.readings] == told


def test_what_is_no_news_is_remembered_over_a_restart_and_not_told() -> None:
    text = PLANT.replace("unit: degC", "unit: degC, deadband: {absolute: 1}, max_interval_s: 60")
    rules = plant_rules(load_plant(text, "plant.yaml"))[REACTOR]
    first = step(rules, Memory(), sample("temperature", 20.0))
    memory = Memory.load(first.memory.dump())

    quiet = step(rules, memory, sample("temperature", 20.5, 10))
    alive = step(rules, quiet.memory, Alive(REACTOR, at(61)))

    assert [one.value for one in first.readings] == [20.0]
    assert quiet.readings == ()
    assert [(one.value, one.at) for one in alive.readings] == [(20.0, at(61))]


def unchecked_plant(text: str) -> PlantFile:
    """A plant whose tags name sources that it does not describe."""
    sources = """
sources:
  plc: {type: opcua, endpoint: "opc.tcp://localhost:1", security: {policy: "None", mode: "None"}}
  meter: {type: modbus, host: localhost}
"""
    text = text.replace("source: plc,", 'source: plc, node: "s=x",')
    text = text.replace("source: meter,", "source: meter, register: {address: 1, unit_id: 1},")
    return load_plant(text.replace("equipment_classes:", f"{sources}equipment_classes:"), "p.yaml")


def test_an_alarm_is_an_event_and_moves_nothing_else():
    alarm = Alarm(REACTOR, "c" * 600, "TooHot", "s=T", "T", 2000, "above", True, False, True, at(0))
    memory = play(sample("state", 6))[-1].memory
    found = step(RULES[REACTOR], memory, alarm)
    assert found.memory == memory
    ((kind, fields),) = said([found])
    assert kind == "alarm_changed"
    assert (len(fields["condition"]), fields["severity"]) == (500, 1000)
    assert (fields["active"], fields["acknowledged"], fields["retained"]) == (True, False, True)
