"""Bytes and records: what is written comes back, and what cannot be read says why."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.codec import UnreadableError, decode, encode
from schemas.json_schema import record_schema, record_types
from schemas.machine import Heartbeat
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import AUDIT_ENTRY, CATALOGUE, DEADLETTER, MACHINE, TELEMETRY
from tests.schemas.strategies import RECORDS

MEGABYTE = 1_000_000

EVERY_TYPE = [
    pytest.param(topic, kind, id=f"{topic.name} {kind.__name__}")
    for topic in CATALOGUE
    for kind in topic.types
]

HEARTBEAT = {
    "type": "heartbeat",
    "version": 1,
    "id": {"source": "edge", "epoch": "e1", "seq": 7},
    "plant_version": "abc",
    "source_time": "2026-03-02T06:00:00Z",
    "ingest_time": "2026-03-02T06:00:00Z",
    "equipment": "acme/north/hall/one/press",
}
FRAME = HEARTBEAT | {"type": "telemetry_frame"}
COLUMN = {"tag": "t", "offset_ms": [0, 1], "numbers": [1.5, 2.5]}


def said(record: dict, **changes: object) -> bytes:
    return json.dumps(record | changes).encode()


def frame(**column: object) -> bytes:
    return said(FRAME, columns=[COLUMN | column])


@pytest.mark.parametrize(("topic", "kind"), EVERY_TYPE)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_comes_back_as_it_was(topic, kind, data):
    record = data.draw(RECORDS[kind])

    assert decode(topic, encode(record)) == record


@pytest.mark.parametrize("kind", record_types().values(), ids=lambda kind: kind.__name__)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_fits_its_published_schema(kind, data):
    record = data.draw(RECORDS[kind])

    Draft202012Validator(record_schema(kind)).validate(json.loads(encode(record)))


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused_and_nothing_else(value):
    for topic in (MACHINE, AUDIT_ENTRY):
        with pytest.raises(UnreadableError):
            decode(topic, value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(HEARTBEAT)), inner),
        max_leaves=10,
    )
)
def test_json_of_any_shape_is_read_or_refused_and_nothing_else(value):
    for record in (value, HEARTBEAT | value if isinstance(value, dict) else value):
        try:
            decode(MACHINE, json.dumps(record).encode())
        except UnreadableError as error:
            assert str(error)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(
    ("topic", "value", "reason"),
    [
        pytest.param(MACHINE, None, "the record has no value", id="a tombstone"),
        pytest.param(MACHINE, b"", "no JSON: EOF", id="empty"),
        pytest.param(MACHINE, b"\xff\xfe", "no JSON: expected value", id="no text"),
        pytest.param(MACHINE, b'{"type": "heart', "no JSON: EOF while", id="cut off"),
        pytest.param(MACHINE, b"[" * 100_000, "no JSON: recursion limit", id="nested deeply"),
        pytest.param(MACHINE, b'{"a":' * 100_000, "no JSON: recursion limit", id="nested objects"),
        pytest.param(MACHINE, b"9" * 10_000, "no JSON: number out of range", id="endless number"),
        pytest.param(MACHINE, b'"' + b"x" * 10 * MEGABYTE, "no JSON: EOF", id="10 MB, cut off"),
        pytest.param(
            MACHINE, b'"' + b"x" * 10 * MEGABYTE + b'"', "no JSON object", id="10 MB of text"
        ),
        pytest.param(MACHINE, b"[]", "no JSON object", id="a list"),
        pytest.param(MACHINE, b"{}", "unknown type 'None'; plant.machine.v1", id="no type"),
        pytest.param(MACHINE, said(FRAME), "unknown type 'telemetry_frame'", id="another topic's"),
        pytest.param(MACHINE, b'{"type": ["heartbeat"]}', "unknown type", id="a list of types"),
        pytest.param(MACHINE, b'{"type": {}}', "unknown type '{}'", id="an object as type"),
        pytest.param(AUDIT_ENTRY, b'{"type": []}', "unknown type '[]'", id="odd type, one known"),
        pytest.param(
            MACHINE,
            said(HEARTBEAT, version=2),
            "unknown version '2' of heartbeat; this reader knows 1",
            id="unknown version",
        ),
        pytest.param(MACHINE, said(HEARTBEAT, version="x" * 99), "unknown version 'xxx", id="text"),
        pytest.param(MACHINE, said(HEARTBEAT, version=None), "unknown version", id="no version"),
        pytest.param(
            MACHINE, said(HEARTBEAT, equipment="press"), "heartbeat.equipment", id="no path"
        ),
        pytest.param(
            MACHINE, said(HEARTBEAT, id={"source": "e"}), "heartbeat.id.epoch: Field", id="half id"
        ),
        pytest.param(
            MACHINE,
            said(HEARTBEAT, source_time="2026-03-02T06:00:00"),
            "heartbeat.source_time: Value error, time has no zone",
            id="a time without a zone",
        ),
        pytest.param(
            MACHINE,
            said(HEARTBEAT, source_time="0001-01-01T00:00:00+14:00"),
            "heartbeat.source_time: Value error, time lies outside",
            id="before the first year",
        ),
        pytest.param(
            MACHINE,
            said(HEARTBEAT, source_time="9999-12-31T23:00:00-12:00"),
            "heartbeat.source_time: Value error, time lies outside",
            id="after the last year",
        ),
        pytest.param(TELEMETRY, frame(numbers=[float("nan"), 1]), "columns.0.numbers.0", id="NaN"),
        pytest.param(
            TELEMETRY, frame(numbers=[1, float("-inf")]), "columns.0.numbers.1", id="infinity"
        ),
        pytest.param(TELEMETRY, frame(numbers=["a", 1]), "columns.0.numbers.0", id="text"),
        pytest.param(TELEMETRY, frame(numbers=[1]), "parts of different length", id="too few"),
        pytest.param(TELEMETRY, frame(quality=[0]), "parts of different length", id="a quality"),
        pytest.param(TELEMETRY, frame(texts=["a", "b"]), "either numbers or texts", id="both"),
        pytest.param(TELEMETRY, frame(numbers=None), "either numbers or texts", id="neither"),
        pytest.param(TELEMETRY, said(FRAME, columns=[]), "columns", id="no column"),
        pytest.param(DEADLETTER, b'{"type":"dead_letter","size":-1}', "id: Field", id="no letter"),
    ],
)
def test_what_cannot_be_read_says_why(topic, value, reason):
    with pytest.raises(UnreadableError) as caught:
        decode(topic, value)

    assert reason in str(caught.value)
    assert len(str(caught.value)) <= 500


HOURS = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
EDGES = st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59"])


@given(
    st.datetimes(timezones=HOURS)
    | st.tuples(EDGES, HOURS).map(
        lambda edge: datetime.fromisoformat(edge[0]).replace(tzinfo=edge[1])
    )
)
def test_a_time_of_any_zone_is_read_or_refused_and_nothing_else(moment):
    value = said(HEARTBEAT, source_time=moment.isoformat())

    try:
        event = decode(MACHINE, value)
    except UnreadableError as error:
        assert "outside the years 1 to 9999" in str(error)  # noqa: PT017 - both outcomes are right
        assert moment.year in {1, 9999}
    else:
        assert event.source_time == moment


def test_fields_that_nobody_knows_are_ignored():
    assert decode(MACHINE, said(HEARTBEAT, colour="red")) == decode(MACHINE, said(HEARTBEAT))


def test_a_time_of_another_zone_is_the_same_instant_in_utc():
    event = decode(MACHINE, said(HEARTBEAT, source_time="2026-03-02T00:00:00-06:00"))

    assert event.source_time == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert event.source_time.tzinfo is UTC


def test_a_naive_time_is_refused_where_it_is_made():
    naive = datetime(2026, 3, 2, 6)  # noqa: DTZ001 - that is the point

    with pytest.raises(ValidationError, match="time has no zone"):
        Heartbeat(
            id=EventId(source="e", epoch="e", seq=0),
            plant_version="v",
            equipment="a/b/c/d/e",
            source_time=naive,
            ingest_time=naive,
        )


def test_a_frame_of_unequal_columns_is_refused_where_it_is_made():
    with pytest.raises(ValidationError, match="different length"):
        Column(tag="t", offset_ms=[0, 1], numbers=[1.0])


def test_columns_of_a_frame_may_differ_in_length():
    value = said(FRAME, columns=[COLUMN, COLUMN | {"offset_ms": [0], "numbers": [1.0]}])

    assert decode(TELEMETRY, value).sample_count() == 3


def test_what_is_null_is_not_written():
    frame = TelemetryFrame.model_validate(FRAME | {"columns": [COLUMN]})

    assert b"null" not in encode(frame)
    assert b"traceparent" not in encode(frame)
