"""Answers to values: every type in every order, held against what struct says of each alone."""

import struct

import pytest
from hypothesis import given
from hypothesis.strategies import binary, composite, integers, lists, sampled_from

from ingest.inputs.modbus.decode import Decoder
from ingest.inputs.modbus.fields import Field
from ingest.inputs.modbus.plan import block_of
from schemas.plant.sources import Register

CODES = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")


def field(number=0, **register):
    return Field("e/s/a/l/one", f"t{number}", 1, Register(**register))


@composite
def registers(draw):
    address = draw(integers(0, 60))
    order = draw(sampled_from(ORDERS))
    kind = draw(sampled_from([*CODES, "bool", "string"]))
    if kind == "bool":
        return {"address": address, "type": kind, "bit": draw(integers(0, 15)), "order": order}
    if kind == "string":
        length, straight = draw(integers(1, 8)), draw(sampled_from(["ABCD", "BADC"]))
        return {"address": address, "type": kind, "length": length, "order": straight}
    return {"address": address, "type": kind, "order": order}


def alone(one, block, payload):
    """The value by the slow and obvious way."""
    register = one.register
    begin = 2 * (one.start - block.address)
    raw = payload[begin : begin + 2 * register.size]
    words = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if register.order in {"BADC", "DCBA"}:
        words = [word[::-1] for word in words]
    if register.order in {"CDAB", "DCBA"} and register.type != "string":
        words = words[::-1]
    raw = b"".join(words)
    if register.type == "bool":
        return bool(int.from_bytes(raw, "big") >> register.bit & 1)
    if register.type == "string":
        cut = raw.split(b"\0")[0]
        try:
            return cut.decode("utf-8").strip()
        except UnicodeDecodeError:
            return cut.decode("latin-1").strip()
    return struct.unpack(">" + CODES[register.type], raw)[0]


def same(value, wanted):
    return value == wanted or (value != value and wanted != wanted)  # noqa: PLR0124 - NaN


@given(lists(registers(), min_size=1, max_size=40), binary(min_size=256, max_size=256))
def test_a_block_gives_what_each_of_its_values_gives_alone(places, noise):
    block = block_of([field(at, **one) for at, one in enumerate(places)])
    payload = noise[: block.payload_bytes]
    decoder = Decoder(block)
    values = list(decoder.values(payload))
    assert sorted(one.tag for one in decoder.fields) == sorted(one.tag for one in block.fields)
    for one, value in zip(decoder.fields, values, strict=True):
        wanted = alone(one, block, payload)
        assert same(value, wanted)
        assert type(value) is type(wanted)


@given(
    lists(integers(0, 300), min_size=1, max_size=30, unique=True),
    binary(min_size=40, max_size=40),
)
def test_bits_of_a_table_are_counted_from_the_lowest_of_each_byte(addresses, payload):
    block = block_of(
        [
            Field("e", f"t{at}", 1, Register(table="coil", address=at, type="bool"))
            for at in addresses
        ]
    )
    decoder = Decoder(block)
    for one, value in zip(decoder.fields, decoder.values(payload), strict=True):
        offset = one.start - block.address
        assert value is bool(payload[offset // 8] >> offset % 8 & 1)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"LOT-7\0\0\0", "LOT-7", id="up to the first NUL"),
        pytest.param(b"  LOT-7 ", "LOT-7", id="without blanks around it"),
        pytest.param("Größe".encode() + b"\0", "Größe", id="UTF-8"),
        pytest.param("Größe".encode("latin-1") + b"\0\0\0", "Größe", id="Latin-1"),
        pytest.param(b"\0\0\0\0\0\0\0\0", "", id="nothing"),
    ],
)
def test_a_text_is(raw, text):
    block = block_of([field(address=0, type="string", length=4)])
    assert list(Decoder(block).values(raw)) == [text]
