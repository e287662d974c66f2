"""Values of Sparkplug metrics by their data type (Eclipse Sparkplug 3.0, 6.4.16)."""

from ingest.input import BAD, GOOD, Value
from ingest.inputs.mqtt.payload import Metric, moment

BAD_NO_COMMUNICATION = BAD | 0x00310000
"""OPC UA status of a value whose device went away."""
BAD_TYPE_MISMATCH = BAD | 0x00740000
"""OPC UA status of a value of another type than wanted."""

_SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_UNSIGNED_BITS = {5: 8, 6: 16, 7: 32, 8: 64}
_REAL = {9, 10}
_BOOLEAN = 11
_DATE_TIME = 13
_TEXT = {12, 14, 15}
_NAMES = (
    *("Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"),
    *("Float", "Double", "Boolean", "String", "DateTime", "Text", "UUID", "DataSet", "Bytes"),
    *("File", "Template", "PropertySet", "PropertySetList"),
)
_QUALITY_BAD = 0
_QUALITY_STALE = 500


class UnsuitableError(ValueError):
    """A value that can be no sample: an array, a data set, or another type than it says."""


def value_of(metric: Metric, datatype: int) -> Value:
    """The value as number, text, truth value, or None for a null.

    `datatype` is the one of the birth; 0 takes the value as it came.

    Raises:
        UnsuitableError: with what it is instead.
    """
    raw = metric.raw
    if metric.is_null:
        return None
    if raw is None or isinstance(raw, bytes) or datatype not in {0, *_plain()}:
        raise UnsuitableError(f"it is {_told(datatype)} and no single value")
    if isinstance(raw, bool):
        found: Value = raw if datatype in {0, _BOOLEAN} else None
    elif isinstance(raw, int):
        found = _whole(raw, datatype)
    elif isinstance(raw, float):
        found = raw if datatype in {0, *_REAL} else None
    else:
        found = raw if datatype in {0, *_TEXT} else None
    if found is None:
        raise UnsuitableError(f"it is {_told(datatype)} and {raw!r:.60} is none")
    return found


def quality_of(metric: Metric) -> int:
    """The status code of the property `Quality`; a metric without one is good."""
    if metric.quality == _QUALITY_STALE:
        return BAD_NO_COMMUNICATION
    return BAD if metric.quality == _QUALITY_BAD else GOOD


def _whole(raw: int, datatype: int) -> Value:
    if datatype == _DATE_TIME:
        at = moment(raw)
        return None if at is None else at.isoformat()
    if datatype in _SIGNED_BITS:
        return _signed(raw, _SIGNED_BITS[datatype])
    bits = _UNSIGNED_BITS.get(datatype, 0 if datatype else 64)
    return raw if raw < 2**bits else None


def _signed(raw: int, bits: int) -> int | None:
    """Two's complement of this many bits, or of the wider field that carried it."""
    for width in sorted({bits, 32, 64}):
        if width >= bits and raw < 2**width:
            value = raw - 2**width if raw >= 2 ** (width - 1) else raw
            if -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
                return value
    return None


def _told(datatype: int) -> str:
    return f"of type {_NAMES[datatype]}" if datatype < len(_NAMES) else "an array"


def _plain() -> frozenset[int]:
    return frozenset({*_SIGNED_BITS, *_UNSIGNED_BITS, *_REAL, *_TEXT, _BOOLEAN, _DATE_TIME})
