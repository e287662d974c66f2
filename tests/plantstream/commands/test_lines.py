from typing import Any

import pytest
from pydantic import BaseModel

from plantstream.commands.lines import lines, speaks_of_equipment
from plantstream.commands.topic_names import short_name
from plantstream.runtime.ports import Record
from schemas.alerts import AlertTransition, OnCallShift, Words
from schemas.codec import encode
from schemas.kpi import OeeCell, TimeElements
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import ALERT, CATALOGUE, KPI, MACHINE, OEE_STATE, TELEMETRY, Topic
from tests.makers import MONDAY, PATH, Machine, after


def record(topic: Topic, value: BaseModel | bytes | None, key: bytes = PATH.encode()) -> Record:
    content = encode(value) if isinstance(value, BaseModel) else value
    return Record(topic.name, 5, 17, key, content, int(MONDAY.timestamp() * 1000))


def said(topic: Topic, value: BaseModel | bytes | None, equipment: str | None = None) -> list[str]:
    return [line.text for line in lines(topic, record(topic, value), equipment)]


def frame(**columns: dict[str, Any]) -> TelemetryFrame:
    return TelemetryFrame(
        id=EventId(source="edge", epoch="e1", seq=0),
        plant_version="p",
        equipment=PATH,
        source_time=MONDAY,
        ingest_time=MONDAY,
        columns=[Column(tag=name, **rest) for name, rest in columns.items()],
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        pytest.param(
            Machine().state(1, "running"), "state_changed    category=running", id="a state"
        ),
        pytest.param(
            Machine(run="r1").parts(1, good=3),
            "parts_counted    good=3 scrap=0 rework=0 produced=0 run=r1",
            id="counts of a run",
        ),
        pytest.param(Machine().alive(1), "heartbeat", id="a heartbeat says nothing else"),
        pytest.param(
            Machine().batch(1, "B-\x1b[31m1"), "batch_started    batch=B-\\x1b[31m1", id="escapes"
        ),
    ],
)
def test_an_event_is_one_line_of_time_equipment_type_and_what_it_says(event: Any, text: str):
    assert said(MACHINE, event) == [f"2026-03-02 06:00:01.000Z press            {text}"]


def test_an_alert_is_one_line_of_what_became_of_it_and_of_what_is_said():
    fired = AlertTransition(
        plant_version="p",
        site="acme/north",
        fingerprint="f1",
        starts_at=MONDAY,
        at=MONDAY,
        state="firing",
        severity="critical",
        labels={"alertname": "TooHot"},
        value=96.5,
        words={"es": Words(summary="Está caliente")},
        generator="rule",
    )

    (text,) = said(ALERT, fired)

    assert text.startswith("2026-03-02 06:00:00.000Z north            alert_transition ")
    assert "state=firing severity=critical labels.alertname=TooHot value=96.5" in text
    assert "es.summary=Está caliente" in text


def test_a_shift_on_call_stands_under_its_begin():
    shift = OnCallShift(
        plant_version="p", site="acme/north", schedule="nights", starts_at=MONDAY, people=("ana",)
    )

    (text,) = said(ALERT, shift)

    assert text.startswith("2026-03-02 06:00:00.000Z north            on_call_shift ")
    assert text.endswith("schedule=nights people=['ana']")


def test_a_frame_is_one_line_per_sample_in_the_order_of_time():
    sent = frame(
        temp={
            "unit": "°C",
            "offset_ms": [0, 500],
            "numbers": [12345678.5, None],
            "quality": [0, 5],
        },
        mode={"offset_ms": [100], "texts": ["auto"]},
    )
    assert said(TELEMETRY, sent) == [
        "2026-03-02 06:00:00.000Z press            temp             12345678.5 °C",
        "2026-03-02 06:00:00.100Z press            mode             auto",
        "2026-03-02 06:00:00.500Z press            temp             none °C quality=0x00000005",
    ]


def test_a_sample_as_json_stands_alone():
    sent = frame(temp={"unit": "°C", "offset_ms": [500], "numbers": [20.5]})
    (line,) = lines(TELEMETRY, record(TELEMETRY, sent))
    assert line.document == {
        "topic": TELEMETRY.name,
        "partition": 5,
        "offset": 17,
        "key": PATH,
        "broker_time": "2026-03-02T06:00:00.000Z",
        "sample": {
            "time": "2026-03-02T06:00:00.500Z",
            "run": "",
            "equipment": PATH,
            "tag": "temp",
            "value": 20.5,
            "unit": "°C",
            "quality": 0,
        },
    }


def test_sums_leave_out_their_zeros():
    cell = OeeCell(
        plant_version="p",
        equipment=PATH,
        minute=MONDAY,
        day=MONDAY.date(),
        start=MONDAY,
        end=after(60),
        time=TimeElements(running_ms=60000),
    )
    (text,) = said(KPI, cell)
    assert text.endswith("day=2026-03-02 end=2026-03-02T06:01:00Z time.running_ms=60000")


@pytest.mark.parametrize(
    ("equipment", "lines_shown"),
    [
        pytest.param("press", 1, id="its id"),
        pytest.param(PATH, 1, id="its whole path"),
        pytest.param("pres", 0, id="another one"),
    ],
)
def test_only_lines_of_the_equipment_asked_for(equipment: str, lines_shown: int):
    assert len(said(MACHINE, Machine().alive(1), equipment)) == lines_shown


def test_what_cannot_be_read_is_shown_with_the_reason_unless_equipment_is_asked_for():
    (text,) = said(MACHINE, b"{nope\xff")
    assert "unreadable       no JSON" in text
    assert text.endswith("{nope\\xff")
    assert said(MACHINE, b"{nope", "press") == []


def test_a_removed_key_and_rows_of_memory_are_shown_as_they_are():
    (removed,) = said(OEE_STATE, None)
    assert removed.endswith("removed")
    (row,) = lines(OEE_STATE, record(OEE_STATE, b'{"a": 1}'))
    assert row.document["record"] == {"a": 1}


def test_short_names_are_unique_and_say_what_topics_are_called():
    shorts = [short_name(topic.name) for topic in CATALOGUE]
    assert len(set(shorts)) == len(CATALOGUE)
    assert {"machine", "kpi", "kpi.latest", "audit.entry"} <= set(shorts)


def test_topics_of_which_every_type_has_equipment():
    names = {short_name(topic.name) for topic in CATALOGUE if speaks_of_equipment(topic)}
    assert names == {"telemetry", "machine", "kpi", "kpi.latest"}


def test_a_time_that_leaves_the_calendar_is_unreadable():
    (text,) = said(TELEMETRY, frame(temp={"offset_ms": [10**18], "numbers": [1.0]}))
    assert "unreadable       a time that is in no calendar" in text
