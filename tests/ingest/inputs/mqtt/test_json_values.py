"""Values and times at dotted paths of JSON messages."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from ingest.inputs.mqtt.json_values import AbsentError, WrongError, parse, time_at, value_at

DOCUMENT = parse(
    b'{"t": 21.5, "n": 3, "on": true, "s": "run", "none": null, "big": 18446744073709551615,'
    b' "values": [{"x": 1}, {"x": 2}], "huge": 1e999, "1": "one"}'
)
MOMENT = datetime(2026, 3, 1, 6, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("t", 21.5),
        ("n", 3),
        ("on", True),
        ("s", "run"),
        ("none", None),
        ("big", 2**64 - 1),
        ("values.1.x", 2),
        ("1", "one"),
    ],
)
def test_a_value_keeps_its_type(field, value):
    found = value_at(DOCUMENT, field)

    assert found == value
    assert type(found) is type(value)


def test_a_bare_value_is_the_whole_message():
    assert value_at(parse(b"23.5"), "") == 23.5


@pytest.mark.parametrize("field", ["x", "t.x", "values.2", "values.x", "values.-1", "s.0"])
def test_a_field_that_is_not_there_is_absent(field):
    with pytest.raises(AbsentError, match="no field"):
        value_at(DOCUMENT, field)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("values", "an array"),
        ("values.0", "an object"),
        ("", "an object"),
        ("huge", "out of range"),
    ],
)
def test_what_is_no_single_value_is_wrong(field, said):
    with pytest.raises(WrongError, match=said):
        value_at(DOCUMENT, field)


@pytest.mark.parametrize(
    "content",
    [b"NaN", b"[Infinity]", b"{", b"", b"\xff", b"RUNNING", b"[" * 100_000, b"9" * 5_000],
)
def test_what_is_no_json_is_refused(content):
    with pytest.raises(ValueError, match=r"."):
        parse(content)


@pytest.mark.parametrize(
    "sent",
    [
        b'"2026-03-01T06:00:00.5Z"',
        b'"2026-03-01T00:00:00.500-06:00"',
        b"1772344800500",
        b"1772344800500.0",
    ],
)
def test_a_time_is_rfc_3339_or_milliseconds(sent):
    assert time_at(parse(sent), "") == MOMENT


@pytest.mark.parametrize(
    "sent",
    [
        *(b'"2026-03-01T06:00:00"', b'"noon"', b"true", b"null", b"0", b"1e300", b"{}", b"-5"),
        *(b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:59-14:00"', b"9" * 400),
    ],
)
def test_what_is_no_time_is_wrong_and_says_what_one_is(sent):
    with pytest.raises(WrongError, match="RFC 3339 with an offset, or milliseconds"):
        time_at(parse(sent), "")


@given(st.binary(max_size=100), st.text(max_size=10))
def test_no_message_does_worse_than_being_refused(content, field):
    with suppress(ValueError):
        value_at(parse(content), field)
