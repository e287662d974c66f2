"""The edge between chunks: the same records however the observations arrive."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from ingest.edge import Edge, FrameCut
from ingest.input import Alive, Missed, Observation, Unreadable
from ingest.sealing import CountedStamps, Record, entries
from schemas.machine import CounterReset, PartsCounted
from schemas.plant.load import PlantFile, load_plant
from schemas.telemetry import MAX_SAMPLES, TelemetryFrame
from schemas.topics import DEADLETTER, MACHINE, TELEMETRY
from tests.ingest.kit import NOW, OPEN_SOURCE, PLANT, REACTOR, at, moment, plant, sample


def observations(rows: int) -> list[list[Observation]]:
    """Rows of a recording, each at its own second."""
    return [
        [
            sample("good", 3 * row, row),
            sample("state", row % 4 * 2, row),
            sample("batch", f"b{row // 50}", row),
            sample("temperature", row / 7, row),
        ]
        for row in range(rows)
    ]


def whole(chunks: Sequence[Sequence[Observation]], *, restart: bool = False) -> list[Record]:
    stamps = CountedStamps("edge", "e")
    edge = Edge(plant(), stamps, FrameCut.WHOLE, None)
    stored: dict[str, bytes] = {}
    records: list[Record] = []
    for chunk in chunks:
        if restart:
            edge = Edge(plant(), stamps, FrameCut.WHOLE, None, stored)
        outcome = edge.take(chunk, moment())
        stored |= outcome.memory
        records += outcome.records
    return [*records, *edge.rest(moment()).records]


MODBUS = """
sources:
  line: {type: modbus, host: 127.0.0.1}
"""


def counting(register: int, unit_id: int = 1, source: str = MODBUS) -> PlantFile:
    """The reactor with one counter, in this register of the source."""
    tag = f"{{name: good, means: good_count, register: {{address: {register}}}}}"
    place = f"area: hall, line: line-1, source: line, unit_id: {unit_id}"
    machine = f"{{id: reactor, {place}, calendar: always, tags: [{tag}]}}"
    head = PLANT.partition("equipment_classes:")[0]
    return load_plant(f"{head}{source}equipment:\n  - {machine}\n", "plant.yaml")


def served(source: str, key: str) -> PlantFile:
    """The reactor with one counter, at this address of the source."""
    tag = f"{{name: good, means: good_count, source: line, {key}}}"
    machine = f"{{id: reactor, area: hall, line: line-1, calendar: always, tags: [{tag}]}}"
    head = PLANT.partition("equipment_classes:")[0]
    return load_plant(f"{head}{source}equipment:\n  - {machine}\n", "plant.yaml")


MQTT = """
sources:
  line: {type: mqtt, broker: "mqtt://first:1883"}
"""
NODE, TOPIC = 'node: "s=Good"', "message: {topic: good}"


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(
    ("before", "moved", "good"),
    [
        pytest.param(counting(7), counting(7), [5, 3], id="the same register goes on"),
        pytest.param(counting(7), counting(8), [3], id="another register begins anew"),
        pytest.param(counting(7), counting(7, unit_id=2), [3], id="another unit begins anew"),
        pytest.param(
            counting(7),
            counting(7, source=MODBUS.replace("0.0.1", "0.0.2")),
            [3],
            id="another Modbus host begins anew",
        ),
        pytest.param(
            counting(7),
            counting(7, source=MODBUS.replace("0.0.1", "0.0.1, port: 1502")),
            [3],
            id="another Modbus port begins anew",
        ),
        pytest.param(
            counting(7),
            counting(7, source=MODBUS.replace("0.0.1", "0.0.1, poll_ms: 500")),
            [5, 3],
            id="read more often it goes on",
        ),
        pytest.param(
            served(OPEN_SOURCE, NODE),
            served(OPEN_SOURCE.replace("4840", "4841"), NODE),
            [3],
            id="another OPC UA endpoint begins anew",
        ),
        pytest.param(
            served(MQTT, TOPIC),
            served(MQTT.replace("first", "second"), TOPIC),
            [5, 3],
            id="a topic is the same at another broker",
        ),
    ],
)
def test_a_counter_that_was_moved_begins_with_a_baseline(
    before: PlantFile, moved: PlantFile, good: list[int], restarted: bool
) -> None:
    stamps = CountedStamps("edge", "e")
    edge = Edge(before, stamps)
    memory = edge.take([sample("good", 1000)], moment()).memory
    if restarted:
        edge = Edge(moved, stamps, memory=memory)
    else:
        edge.adopt(moved)

    found = edge.take([sample("good", 1005, 1), sample("good", 1008, 2)], moment()).records

    assert [one.good for one in found if isinstance(one, PartsCounted)] == good
    assert not [one for one in found if isinstance(one, CounterReset)]


def of(records: list[Record], kind: type[Record], *, other: bool = False) -> list[Record]:
    return [record for record in records if isinstance(record, kind) is not other]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.booleans())
def test_law_chunks_and_restarts_change_no_record_of_a_recording(
    sizes: list[int], restart: bool
) -> None:
    rows = observations(300)
    chunks, start = [], 0
    for size in [*sizes, len(rows)]:
        chunks.append([seen for row in rows[start : start + size] for seen in row])
        start += size
    expected, found = whole(rows), whole(chunks, restart=restart)

    for other in (False, True):
        assert of(found, TelemetryFrame, other=other) == of(expected, TelemetryFrame, other=other)


def test_live_frames_end_with_their_chunk_and_hold_500_at_most() -> None:
    edge = Edge(plant(), CountedStamps("edge", "e"), FrameCut.EACH_CHUNK, None)
    seen = [sample("temperature", 1.0, n / 100) for n in range(MAX_SAMPLES + 1)]

    frames = of(list(edge.take(seen, moment()).records), TelemetryFrame)

    assert [one.sample_count() for one in frames if isinstance(one, TelemetryFrame)] == [500, 1]
    assert not edge.rest(moment()).records


def test_ids_count_per_topic_and_equipment() -> None:
    edge = Edge(plant(), CountedStamps("edge", "e"), FrameCut.EACH_CHUNK, None)
    seen: list[Observation] = [
        sample("state", 6),
        sample("batch", "b"),
        Unreadable("f.csv", 7, b"?", "no row"),
    ]

    stored = entries("edge", edge.take(seen, moment()).records)

    assert [(one.topic, one.partition_key, one.seq) for one in stored] == [
        (DEADLETTER.name, "edge", 0),
        (MACHINE.name, REACTOR, 0),
        (MACHINE.name, REACTOR, 1),
        (TELEMETRY.name, REACTOR, 0),
    ]


def test_memory_is_stored_when_it_has_changed() -> None:
    edge = Edge(plant(), CountedStamps("edge", "e"))
    at_work = [sample("state", 6), sample("good", 1), sample("temperature", 20.0)]

    first = edge.take(at_work, moment())
    quiet = edge.take([Alive(REACTOR, at(1)), sample("temperature", 21.0, 1)], moment())
    stopped = edge.take([sample("state", "STOPPED", 2)], moment())

    assert list(first.memory) == [f"equipment:{REACTOR}"]
    assert quiet.records
    assert not quiet.memory
    assert list(stopped.memory) == [f"equipment:{REACTOR}"]


def test_a_tag_without_news_changes_no_memory() -> None:
    text = PLANT.replace("unit: degC", "unit: degC, deadband: {absolute: 1}")
    edge = Edge(load_plant(text, "plant.yaml"), CountedStamps("edge", "e"))

    stored = [
        bool(edge.take([sample("temperature", value, n)], moment()).memory)
        for n, value in enumerate([20.0, 20.5, 19.5, 22.0])
    ]

    assert stored == [True, False, False, True]


def test_records_carry_run_plant_and_trace() -> None:
    edge = Edge(plant(), CountedStamps("edge", "e"))

    records = edge.take([sample("state", 6)], moment("trial")).records

    assert {(one.run, one.plant_version, one.traceparent) for one in records} == {  # type: ignore[union-attr]
        ("trial", "v1", "00-0-0-01")
    }


def test_an_observation_that_becomes_no_record_moves_no_memory() -> None:
    edge = Edge(plant(), CountedStamps("edge", "0"))
    edge.take([sample("good", 10)], moment())

    with pytest.raises(ValidationError):
        edge.take([sample("good", 17, 1), Missed(REACTOR, NOW, NOW, "away", lost=-1)], moment())

    (counted,) = edge.take([sample("good", 18, 2)], moment()).records[:1]
    assert isinstance(counted, PartsCounted)
    assert counted.good == 8
