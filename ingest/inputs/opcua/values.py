"""OPC UA data values to samples: type, quality, time."""

from datetime import UTC, datetime
from uuid import UUID

from asyncua import ua

from ingest.input import BAD, GOOD, Value

_OVERFLOW = 0x0480
"""Info bits of a data value: the server's queue was too short and dropped values before it."""
_PLAIN = frozenset(
    {
        ua.VariantType.Boolean,
        ua.VariantType.SByte,
        ua.VariantType.Byte,
        ua.VariantType.Int16,
        ua.VariantType.UInt16,
        ua.VariantType.Int32,
        ua.VariantType.UInt32,
        ua.VariantType.Int64,
        ua.VariantType.UInt64,
        ua.VariantType.Float,
        ua.VariantType.Double,
        ua.VariantType.String,
    }
)
_FIRST_BELIEVABLE_YEAR = 2000
"""Servers without a clock say 1601."""


class UnsuitableError(ValueError):
    """A value that can be no sample: an array, a structure, raw bytes."""


def value_of(data: ua.DataValue) -> Value:
    """The value as number, text, truth value or None.

    Raises:
        UnsuitableError: with what it is instead.
    """
    variant = data.Value
    if variant is None or variant.Value is None:
        return None
    if isinstance(variant.Value, list):
        raise UnsuitableError(f"an array of {variant.VariantType.name}")
    if variant.VariantType in _PLAIN:
        plain: Value = variant.Value
        return plain
    match variant.Value:
        case ua.LocalizedText(Text=text):
            return text
        case datetime() as moment:
            return in_utc(moment).isoformat()
        case UUID() as unique:
            return str(unique)
        case _:
            raise UnsuitableError(f"a {variant.VariantType.name}")


def quality_of(data: ua.DataValue) -> int:
    """The status code; a value without one is Good."""
    return GOOD if data.StatusCode is None else int(data.StatusCode.value)


def is_bad(quality: int) -> bool:
    """Whether the top bit says that the value is none."""
    return bool(quality & BAD)


def overflowed(quality: int) -> bool:
    """Whether values before this one were dropped at the server."""
    return quality & _OVERFLOW == _OVERFLOW


def time_of(data: ua.DataValue, arrival: datetime) -> datetime:
    """When it was so: by the source, else by the server, else when it arrived."""
    source, server = data.SourceTimestamp, data.ServerTimestamp
    if source is not None and is_believable(source):
        return in_utc(source)
    if server is not None and is_believable(server):
        return in_utc(server)
    return arrival


def is_believable(moment: datetime) -> bool:
    """Whether somebody with a clock said this."""
    return moment.year >= _FIRST_BELIEVABLE_YEAR


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, which OPC UA means when it says no zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
