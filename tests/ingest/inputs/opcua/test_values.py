"""Data values to typed values, quality and time."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from asyncua import ua

from ingest.input import BAD, GOOD
from ingest.inputs.opcua.values import (
    UnsuitableError,
    is_bad,
    overflowed,
    quality_of,
    time_of,
    value_of,
)

SOURCE = datetime(2026, 3, 1, 6, 0, 0, 1000, UTC)
SERVER = datetime(2026, 3, 1, 6, 0, 1, tzinfo=UTC)
ARRIVAL = datetime(2026, 3, 1, 6, 0, 2, tzinfo=UTC)
NO_CLOCK = datetime(1601, 1, 1, tzinfo=UTC)
TYPES = ua.VariantType
DATA: Any = ua.DataValue
"""asyncua's annotations want its own time type, which is a plain datetime."""


def data(value, kind):
    return ua.DataValue(Value=ua.Variant(value, kind))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        pytest.param(data(True, TYPES.Boolean), True, id="truth value"),
        pytest.param(data(6, TYPES.Int32), 6, id="number"),
        pytest.param(data(2**64 - 1, TYPES.UInt64), 2**64 - 1, id="large number"),
        pytest.param(data(1.5, TYPES.Double), 1.5, id="fraction"),
        pytest.param(data("x", TYPES.String), "x", id="text"),
        pytest.param(data(ua.LocalizedText("listo"), TYPES.LocalizedText), "listo", id="localized"),
        pytest.param(data(SOURCE, TYPES.DateTime), SOURCE.isoformat(), id="time"),
        pytest.param(data(UUID(int=1), TYPES.Guid), str(UUID(int=1)), id="guid"),
        pytest.param(ua.DataValue(), None, id="nothing"),
    ],
)
def test_plain_values_keep_their_type(given, value):
    assert value_of(given) == value
    assert type(value_of(given)) is type(value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(data([1, 2], TYPES.Int32), "an array of Int32", id="array"),
        pytest.param(data(b"x", TYPES.ByteString), "a ByteString", id="bytes"),
        pytest.param(data(ua.Argument(), TYPES.ExtensionObject), "a ExtensionObject", id="struct"),
    ],
)
def test_what_can_be_no_sample_says_what_it_is(given, told):
    with pytest.raises(UnsuitableError, match=told):
        value_of(given)


def test_the_source_knows_best_when_then_the_server_then_we():
    whole = DATA(SourceTimestamp=SOURCE, ServerTimestamp=SERVER)
    assert time_of(whole, ARRIVAL) == SOURCE
    assert time_of(DATA(ServerTimestamp=SERVER), ARRIVAL) == SERVER
    assert time_of(DATA(SourceTimestamp=NO_CLOCK), ARRIVAL) == ARRIVAL
    naive = DATA(SourceTimestamp=SOURCE.replace(tzinfo=None))
    assert time_of(naive, ARRIVAL) == SOURCE


@pytest.mark.parametrize(
    ("code", "bad"),
    [(0, False), (0x40000000, False), (0x80000000, True), (0x80310000, True)],
)
def test_the_status_code_is_the_quality(code, bad):
    quality = quality_of(DATA(StatusCode=ua.StatusCode(code)))
    assert quality == code
    assert is_bad(quality) is bad


def test_good_is_zero_and_a_dropped_value_is_seen():
    assert quality_of(DATA(StatusCode=None)) == GOOD
    assert not overflowed(GOOD)
    assert not overflowed(BAD)
    assert overflowed(0x0480)
