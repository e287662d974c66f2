"""A Sparkplug B edge node as a device would be one: its own bytes on the wire, its own client."""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INT8, INT32, INT64, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATASET = (
    *(1, 3, 4, 7, 8, 9, 10, 11, 12, 16),
)
INT_VALUE, LONG_VALUE, FLOAT_VALUE, DOUBLE_VALUE, BOOLEAN_VALUE, STRING_VALUE, BYTES_VALUE = (
    *range(10, 17),
)
FIELD_OF = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7), INT_VALUE),
    **dict.fromkeys((4, 8, 13), LONG_VALUE),
    **dict.fromkeys((12, 14), STRING_VALUE),
    9: FLOAT_VALUE,
    10: DOUBLE_VALUE,
    11: BOOLEAN_VALUE,
}
SEQ = 256


@dataclass(frozen=True)
class Sent:
    """A metric to be sent; `value` None is a null."""

    name: str | None = None
    value: bool | int | float | str | None = None
    datatype: int | None = None
    alias: int | None = None
    at: datetime | None = None
    historical: bool = False
    quality: int | None = None
    encoded: bytes | None = None
    """The value's field as it stands on the wire, for what `value` cannot say."""


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def whole(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def text(number: int, value: str | bytes) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def ms(at: datetime) -> int:
    return round((at - EPOCH).total_seconds() * 1000)


def value_field(value: bool | float | str, datatype: int) -> bytes:
    number = FIELD_OF[datatype]
    match number:
        case 10:
            return whole(number, int(value) & 0xFFFFFFFF)
        case 11:
            return whole(number, int(value) & 0xFFFFFFFFFFFFFFFF)
        case 12:
            return varint(number << 3 | 5) + struct.pack("<f", value)
        case 13:
            return varint(number << 3 | 1) + struct.pack("<d", value)
        case 14:
            return whole(number, int(value))
        case _:
            return text(number, str(value))


def metric(sent: Sent, datatype: int) -> bytes:
    found = b"" if sent.name is None else text(1, sent.name)
    found += b"" if sent.alias is None else whole(2, sent.alias)
    found += b"" if sent.at is None else whole(3, ms(sent.at))
    found += b"" if sent.datatype is None else whole(4, sent.datatype)
    found += whole(5, 1) if sent.historical else b""
    if sent.quality is not None:
        value = whole(1, INT32) + whole(3, sent.quality)
        found += text(9, text(1, "Quality") + text(2, value))
    if sent.encoded is not None:
        return found + sent.encoded
    return found + (whole(7, 1) if sent.value is None else value_field(sent.value, datatype))


def payload(
    metrics: list[Sent],
    *,
    at: datetime | None = None,
    seq: int | None = None,
    datatypes: dict[str | int, int] | None = None,
) -> bytes:
    """The bytes of a message; what has no data type is sent as the one of its name or alias."""
    known = datatypes or {}
    found = b"" if at is None else whole(1, ms(at))
    for one in metrics:
        kind = one.datatype or known.get(one.name or one.alias or 0) or STRING
        found += text(2, metric(one, kind))
    return found + (b"" if seq is None else whole(3, seq))


@dataclass
class FakeNode:
    """Gives topic and payload of what an edge node publishes, with its sequence numbers."""

    group: str = "plant"
    name: str = "press"
    bd_seq: int = 0
    seq: int = 0
    datatypes: dict[str | int, int] = field(default_factory=dict)

    def birth(self, at: datetime, *metrics: Sent) -> tuple[str, bytes]:
        self.seq = 0
        self._learn(metrics)
        own = [Sent("bdSeq", self.bd_seq, INT64), Sent("Node Control/Rebirth", False, BOOLEAN)]
        return self.topic("NBIRTH"), payload([*own, *metrics], at=at, seq=0)

    def device_birth(self, device: str, at: datetime, *metrics: Sent) -> tuple[str, bytes]:
        self._learn(metrics)
        return self._next("DBIRTH", device, at, list(metrics))

    def data(self, at: datetime, *metrics: Sent, device: str = "") -> tuple[str, bytes]:
        return self._next("DDATA" if device else "NDATA", device, at, list(metrics))

    def device_death(self, device: str, at: datetime) -> tuple[str, bytes]:
        return self._next("DDEATH", device, at, [])

    def death(self) -> tuple[str, bytes]:
        return self.topic("NDEATH"), payload([Sent("bdSeq", self.bd_seq, INT64)])

    def skip(self) -> None:
        """A message is published and lost."""
        self.seq = (self.seq + 1) % SEQ

    def topic(self, kind: str, device: str = "") -> str:
        end = f"/{device}" if device else ""
        return f"spBv1.0/{self.group}/{kind}/{self.name}{end}"

    def _learn(self, metrics: tuple[Sent, ...]) -> None:
        for one in metrics:
            for key in (one.name, one.alias):
                if key is not None and one.datatype is not None:
                    self.datatypes[key] = one.datatype

    def _next(self, kind: str, device: str, at: datetime, metrics: list[Sent]) -> tuple[str, bytes]:
        self.seq = (self.seq + 1) % SEQ
        content = payload(metrics, at=at, seq=self.seq, datatypes=self.datatypes)
        return self.topic(kind, device), content
