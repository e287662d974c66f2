"""Payloads of Sparkplug B (Eclipse Sparkplug 3.0, chapter 6): Protocol Buffers to values and back.

The message types are built here from the specification's field numbers, and only from those that
are read; Protocol Buffers skip all others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

REBIRTH = "Node Control/Rebirth"
MAX_SEQ = 255

_Raw = bool | int | float | str | bytes | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_BELIEVABLE_YEAR = 2000
"""Devices without a clock say 1970."""
_BOOLEAN = 11
_QUALITY = "Quality"
_PACKAGE = "plantstream.sparkplug"
_PROPERTY_FIELDS = (("int_value", 3, "uint32"), ("long_value", 4, "uint64"))
_VALUE_FIELDS = (
    ("int_value", 10, "uint32"),
    ("long_value", 11, "uint64"),
    ("float_value", 12, "float"),
    ("double_value", 13, "double"),
    ("boolean_value", 14, "bool"),
    ("string_value", 15, "string"),
    ("bytes_value", 16, "bytes"),
)


class GarbageError(ValueError):
    """Bytes that are no Sparkplug payload."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it was sent."""

    name: str | None
    alias: int | None
    datatype: int
    """Number of the specification, or 0 where it is not said."""
    at: datetime | None
    raw: _Raw
    """The value as it came; None for a null and for what is no plain value."""
    is_null: bool = False
    historical: bool = False
    quality: int | None = None
    """Property `Quality`: 0 bad, 192 good, 500 stale."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One message of an edge node."""

    at: datetime | None
    seq: int | None
    metrics: tuple[Metric, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """The metric of this name."""
        return next((one for one in self.metrics if one.name == name), None)


def decode(content: bytes) -> Payload:
    """The payload in these bytes.

    Raises:
        GarbageError: they are none.
    """
    found = _PayloadMessage()
    try:
        found.ParseFromString(content)
        metrics = tuple(_metric(one) for one in found.metrics)
    except (DecodeError, UnicodeDecodeError, ValueError) as error:
        raise GarbageError(f"no Sparkplug B payload: {error}") from None
    seq = found.seq if found.HasField("seq") else None
    return Payload(moment(found.timestamp), seq, metrics)


def rebirth_request(now: datetime) -> bytes:
    """The command that asks an edge node to publish its births again."""
    request = _PayloadMessage(timestamp=milliseconds(now))
    request.metrics.add(
        name=REBIRTH, timestamp=milliseconds(now), datatype=_BOOLEAN, boolean_value=True
    )
    encoded: bytes = request.SerializeToString()
    return encoded


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def moment(since_1970_ms: float) -> datetime | None:
    """The moment, or None where nobody with a clock said it."""
    try:
        found = _EPOCH + timedelta(milliseconds=since_1970_ms)
    except (OverflowError, ValueError):
        return None
    return found if found.year >= _FIRST_BELIEVABLE_YEAR else None


def _metric(sent: Any) -> Metric:
    if isinstance(sent.name, bytes):
        # So protobuf gives a text that is no UTF-8.
        raise GarbageError("the name of a metric is no UTF-8")
    field = sent.WhichOneof("value")
    return Metric(
        name=sent.name or None,
        alias=sent.alias if sent.HasField("alias") else None,
        datatype=sent.datatype,
        at=moment(sent.timestamp),
        raw=None if field is None or sent.is_null else getattr(sent, field),
        is_null=sent.is_null,
        historical=sent.is_historical,
        quality=_quality(sent.properties),
    )


def _quality(properties: Any) -> int | None:
    for key, value in zip(properties.keys, properties.values, strict=False):
        field = value.WhichOneof("value")
        if key == _QUALITY and field is not None:
            return int(getattr(value, field))
    return None


def _payload_message() -> Any:
    """The class of a payload, made from the numbers that the specification gives its fields."""
    file = descriptor_pb2.FileDescriptorProto(
        name="plantstream/sparkplug_b.proto", package=_PACKAGE, syntax="proto2"
    )
    value = file.message_type.add(name="PropertyValue")
    _fields(value, [("type", 1, "uint32"), ("is_null", 2, "bool")])
    _fields(value, _PROPERTY_FIELDS, oneof="value")
    properties = file.message_type.add(name="PropertySet")
    _fields(properties, [("keys", 1, "string"), ("values", 2, "PropertyValue")], repeated=True)
    metric = file.message_type.add(name="Metric")
    _fields(
        metric,
        [
            ("name", 1, "string"),
            ("alias", 2, "uint64"),
            ("timestamp", 3, "uint64"),
            ("datatype", 4, "uint32"),
            ("is_historical", 5, "bool"),
            ("is_transient", 6, "bool"),
            ("is_null", 7, "bool"),
            ("properties", 9, "PropertySet"),
        ],
    )
    _fields(metric, _VALUE_FIELDS, oneof="value")
    payload = file.message_type.add(name="Payload")
    _fields(payload, [("timestamp", 1, "uint64")])
    _fields(payload, [("metrics", 2, "Metric")], repeated=True)
    _fields(payload, [("seq", 3, "uint64")])
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _fields(
    message: descriptor_pb2.DescriptorProto,
    fields: Iterable[tuple[str, int, str]],
    *,
    oneof: str | None = None,
    repeated: bool = False,
) -> None:
    kinds = descriptor_pb2.FieldDescriptorProto
    if oneof is not None:
        message.oneof_decl.add(name=oneof)
    for name, number, kind in fields:
        field = message.field.add(name=name, number=number)
        field.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
        if kind[0].isupper():
            field.type, field.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
        else:
            field.type = kinds.Type.Value(f"TYPE_{kind.upper()}")
        if oneof is not None:
            field.oneof_index = 0


_PayloadMessage = _payload_message()
