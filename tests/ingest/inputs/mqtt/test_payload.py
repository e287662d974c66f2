"""Bytes of Sparkplug B, written by hand after the specification, are read as they were meant."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from ingest.input import BAD, GOOD
from ingest.inputs.mqtt.datatypes import (
    BAD_NO_COMMUNICATION,
    UnsuitableError,
    quality_of,
    value_of,
)
from ingest.inputs.mqtt.payload import REBIRTH, GarbageError, decode, rebirth_request
from tests.ingest.inputs.mqtt.sparkplug_kit import (
    BOOLEAN,
    BYTES_VALUE,
    DATASET,
    DOUBLE,
    FLOAT,
    INT8,
    INT32,
    INT64,
    INT_VALUE,
    LONG_VALUE,
    STRING,
    UINT32,
    UINT64,
    Sent,
    payload,
    text,
    whole,
)

MOMENT = datetime(2026, 3, 1, 6, 0, 0, 123000, UTC)
DATE_TIME = 13
INT_ARRAY = 24


def first(sent: Sent):
    (metric,) = decode(payload([sent])).metrics
    return metric


@pytest.mark.parametrize(
    ("value", "datatype"),
    [
        pytest.param(-5, INT8, id="Int8"),
        pytest.param(-(2**31), INT32, id="Int32"),
        pytest.param(-1, INT64, id="Int64"),
        pytest.param(2**32 - 1, UINT32, id="UInt32"),
        pytest.param(2**64 - 1, UINT64, id="UInt64"),
        pytest.param(0.5, FLOAT, id="Float"),
        pytest.param(0.1, DOUBLE, id="Double"),
        pytest.param(True, BOOLEAN, id="Boolean"),
        pytest.param(False, BOOLEAN, id="Boolean false"),
        pytest.param("Läuft", STRING, id="String"),
        pytest.param("", STRING, id="empty String"),
        pytest.param(None, INT32, id="null"),
    ],
)
def test_a_value_keeps_its_type(value, datatype):
    found = value_of(first(Sent("x", value, datatype)), datatype)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("encoded", "datatype", "value"),
    [
        pytest.param(whole(INT_VALUE, 0xFB), INT8, -5, id="Int8 in 8 bits"),
        pytest.param(whole(LONG_VALUE, 7), UINT32, 7, id="UInt32 in the long field"),
        pytest.param(whole(LONG_VALUE, 2**64 - 5), INT32, -5, id="Int32 in the long field"),
        pytest.param(whole(INT_VALUE, 7), UINT64, 7, id="UInt64 in the short field"),
        pytest.param(whole(LONG_VALUE, 0), 0, 0, id="no data type said"),
    ],
)
def test_integers_are_read_from_either_field(encoded, datatype, value):
    assert value_of(first(Sent("x", encoded=encoded)), datatype) == value


def test_a_date_is_text():
    sent = Sent("x", encoded=whole(LONG_VALUE, 1772344800123))
    assert value_of(first(sent), DATE_TIME) == MOMENT.isoformat()


@pytest.mark.parametrize(
    ("encoded", "datatype", "said"),
    [
        pytest.param(whole(INT_VALUE, 300), INT8, "300 is none", id="too large"),
        pytest.param(text(15, "x"), INT32, "'x' is none", id="text for a number"),
        pytest.param(whole(14, 1), STRING, "True is none", id="truth value for a text"),
        pytest.param(text(17, b""), DATASET, "of type DataSet", id="data set"),
        pytest.param(text(BYTES_VALUE, b"ab"), INT_ARRAY, "an array", id="array"),
        pytest.param(b"", INT32, "no single value", id="neither value nor null"),
    ],
)
def test_what_is_no_single_value_of_its_type_is_refused(encoded, datatype, said):
    with pytest.raises(UnsuitableError, match=said):
        value_of(first(Sent("x", encoded=encoded)), datatype)


@pytest.mark.parametrize(
    ("sent", "quality"),
    [(None, GOOD), (192, GOOD), (0, BAD), (500, BAD_NO_COMMUNICATION)],
)
def test_the_property_quality_is_the_quality(sent, quality):
    assert quality_of(first(Sent("x", 1, INT32, quality=sent))) == quality


def test_times_sequence_alias_and_history_are_read():
    sent = Sent(alias=7, value=1, datatype=INT32, at=MOMENT, historical=True)

    found = decode(payload([sent], at=MOMENT, seq=255))

    assert (found.at, found.seq) == (MOMENT, 255)
    (metric,) = found.metrics
    assert (metric.name, metric.alias, metric.at, metric.historical) == (None, 7, MOMENT, True)


def test_a_time_of_a_device_without_a_clock_is_none():
    assert decode(payload([], at=datetime(1970, 1, 3, tzinfo=UTC))).at is None
    assert decode(whole(1, 2**64 - 1)).at is None


def test_the_rebirth_request_is_the_command_of_the_specification():
    sent = Sent(REBIRTH, True, BOOLEAN, at=MOMENT)
    assert decode(rebirth_request(MOMENT)) == decode(payload([sent], at=MOMENT))


@pytest.mark.parametrize("content", [b"\xff", b'{"a": 1}', text(2, text(1, b"\xff\xfe"))])
def test_garbage_is_told_as_such(content):
    with pytest.raises(GarbageError, match="no Sparkplug B payload"):
        decode(content)


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_being_garbage(content):
    try:
        found = decode(content)
    except GarbageError:
        return
    for metric in found.metrics:
        with suppress(UnsuitableError):
            value_of(metric, metric.datatype)
