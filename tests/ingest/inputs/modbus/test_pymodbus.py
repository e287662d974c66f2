"""The input against servers of pymodbus: many units, all transports of TCP, what is never sent."""

import struct
from itertools import product
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pymodbus import FramerType

from ingest.inputs.modbus import ModbusInput
from ingest.metrics import SourceMeters, SourceMetrics
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import ModbusSource
from tests.ingest.inputs.modbus.conftest import device, tag
from tests.ingest.inputs.modbus.hearing import OTHER, PATH, alive, bad, missed, samples, values

READS = {1, 2, 3, 4}
BACK_WITHIN_S = 5.0
RTU_OVER_TCP = {"framer": FramerType.RTU}
VALUES = {
    "int16": ("h", -12_345),
    "uint16": ("H", 54_321),
    "int32": ("i", -1_234_567_890),
    "uint32": ("I", 4_000_000_000),
    "int64": ("q", -1_234_567_890_123_456_789),
    "uint64": ("Q", 18_000_000_000_000_000_000),
    "float32": ("f", 0.15625),
    "float64": ("d", 2.718281828459045),
}


def on_the_wire(code, value, order):
    """Registers of a value, as a device with this order has them."""
    layout = f">{struct.calcsize(code) // 2}H"
    words = list(struct.unpack(layout, struct.pack(f">{code}", value)))
    if order in {"CDAB", "DCBA"}:
        words.reverse()
    if order in {"BADC", "DCBA"}:
        words = [word >> 8 | word % 256 << 8 for word in words]
    return words


@pytest.mark.parametrize(
    ("transport", "framer"),
    [("tcp", FramerType.SOCKET), ("rtu_over_tcp", FramerType.RTU)],
    ids=["tcp", "rtu over tcp"],
)
async def test_all_types_in_all_orders_of_pymodbus_are_read(
    pymodbus_server, listening, transport, framer
):
    registers: list[int] = []
    tags, wanted = [], {}
    for kind, order in product(VALUES, ("ABCD", "CDAB", "BADC", "DCBA")):
        name = f"{kind}-{order}".lower()
        tags.append(tag(name, len(registers), type=kind, order=order))
        registers += on_the_wire(*VALUES[kind], order)
        wanted[name] = VALUES[kind][1]
    async with (
        pymodbus_server(device(1, registers), framer=framer) as port,
        listening(*tags, port=port, transport=transport) as heard,
    ):
        seen = await heard.until(lambda seen: values(seen, tags[-1].name))
    assert {name: values(seen, name)[0] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("transport", "framer"),
    [("tcp", FramerType.SOCKET), ("rtu_over_tcp", FramerType.RTU)],
    ids=["tcp", "rtu over tcp"],
)
async def test_only_reads_are_sent_to_pymodbus(pymodbus_server, listening, transport, framer):
    asked: list[Any] = []
    tags = (
        tag("word", 3),
        tag("lacking", 300),
        tag("input", 3, table="input"),
        tag("coil", 0, table="coil", type="bool"),
        tag("discrete", 0, table="discrete_input", type="bool"),
    )
    async with (
        pymodbus_server(device(1, range(20)), framer=framer, heard=asked) as port,
        listening(*tags, port=port, transport=transport) as heard,
    ):
        await heard.until(lambda seen: len(values(seen, "input")) >= 5)
    assert {one.function_code for one in asked} == READS


async def test_few_reads_bring_many_registers_of_pymodbus(pymodbus_server, listening):
    asked: list[Any] = []
    tags = [tag(f"t{at}", at) for at in range(0, 200, 2)]
    async with (
        pymodbus_server(device(1, range(200)), heard=asked) as port,
        listening(*tags, port=port, poll_ms=100) as heard,
    ):
        await heard.until(lambda seen: values(seen, "t198"))
    reads = {(one.address, one.count) for one in asked}
    assert reads == {(0, 125), (126, 73)}


async def test_the_values_of_a_poll_of_pymodbus_have_its_time_and_quality(
    pymodbus_server, listening
):
    tags = [tag("first", 1), tag("second", 2)]
    async with (
        pymodbus_server(device(1, range(9))) as port,
        listening(*tags, port=port) as heard,
    ):
        seen = await heard.until(lambda seen: len(alive(seen)) >= 10)
    firsts, seconds = samples(seen, "first"), samples(seen, "second")
    assert [one.source_time for one in firsts] == [one.source_time for one in seconds]
    assert [one.source_time for one in firsts] == [one.at for one in alive(seen)]
    assert {one.quality for one in firsts} == {0}


async def test_a_beat_against_pymodbus_does_not_drift(pymodbus_server, listening):
    async with (
        pymodbus_server(device(1, range(9))) as port,
        listening(tag("one", 1), port=port, poll_ms=100) as heard,
    ):
        seen = await heard.until(lambda seen: len(alive(seen)) >= 21)
    times = [one.at for one in alive(seen)]
    took_s = (times[20] - times[0]).total_seconds()
    assert took_s == pytest.approx(2.0, abs=0.08)


async def test_polls_of_pymodbus_that_take_too_long_are_counted(pymodbus_server, listening, capsys):
    registry = CollectorRegistry()
    meters = SourceMeters(SourceMetrics(registry), "test")
    tags = [tag(f"t{at}", 8 * at) for at in range(300)]
    async with (
        pymodbus_server(device(1, range(2500))) as port,
        listening(*tags, port=port, poll_ms=10, max_gap=0, meters=meters) as heard,
    ):
        seen = await heard.until(lambda seen: len(values(seen, "t299")) >= 10)

    def metric(name):
        return registry.get_sample_value(f"plantstream_source_{name}", {"source": "test"})

    assert metric("overruns_total") >= 5
    assert metric("notifications_total") >= 3000
    assert metric("connects_total") == 1
    assert capsys.readouterr().err.count("longer than poll_ms") == 1
    assert not missed(seen), "a slow line is seen as often as it can be"


async def test_each_equipment_of_pymodbus_is_alive_and_missed_by_itself(pymodbus_server, listening):
    one = Equipment(id="one", area="a", line="l", unit_id=1, tags=[tag("x", 1)])
    two = Equipment(id="two", area="a", line="l", unit_id=2, tags=[tag("y", 1)])
    equipment = [(PATH, one), (OTHER, two)]
    first, second = device(1, range(9)), device(2, range(9))
    async with (
        pymodbus_server(first, second) as port,
        pymodbus_server(first) as elsewhere,
        listening(port=port, equipment=equipment) as heard,
    ):
        del elsewhere
        seen = await heard.until(lambda seen: len(alive(seen)) >= 6)
    assert {one.equipment for one in alive(seen)} == {PATH, OTHER}
    assert not missed(seen)


@pytest.mark.parametrize(
    ("transport", "framer"),
    [("tcp", FramerType.SOCKET), ("rtu_over_tcp", FramerType.RTU)],
    ids=["tcp", "rtu over tcp"],
)
async def test_a_unit_of_pymodbus_that_comes_and_goes_is_missed_and_the_other_is_not(
    pymodbus_server, listening, transport, framer
):
    one = Equipment(id="one", area="a", line="l", unit_id=1, tags=[tag("x", 1)])
    two = Equipment(id="two", area="a", line="l", unit_id=2, tags=[tag("y", 1)])
    both = [device(1, range(9)), device(2, range(9))]
    serve = {"framer": framer}
    line = {"transport": transport, "equipment": [(PATH, one), (OTHER, two)]}
    async with pymodbus_server(*both, **serve) as port:
        listener = listening(port=port, **line)
        heard = await listener.__aenter__()
        await heard.until(lambda seen: values(seen, "y"))
    try:
        async with pymodbus_server(both[0], port=port, **serve):
            await heard.more(lambda seen: len(bad(seen, "y")) >= 3 and len(values(seen, "x")) > 5)
        async with pymodbus_server(*both, port=port, **serve):
            seen = await heard.more(
                lambda seen: values(seen, "y") and values(seen, "x"), BACK_WITHIN_S
            )
    finally:
        await listener.__aexit__(None, None, None)
    assert OTHER in {one.equipment for one in missed(seen)}


async def test_an_exception_of_a_unit_of_pymodbus_leaves_the_other_units_alone(
    pymodbus_server, listening
):
    tags = [tag("x", 1), tag("lacking", 400, unit=2), tag("y", 1, unit=2)]
    async with (
        pymodbus_server(device(1, range(9)), device(2, range(9))) as port,
        listening(*tags, port=port) as heard,
    ):
        seen = await heard.until(lambda seen: len(bad(seen, "lacking")) >= 3)
    assert len(values(seen, "x")) >= 3
    assert len(values(seen, "y")) >= 3
    assert not bad(seen, "x") + bad(seen, "y")


def test_tags_that_no_line_can_give_are_all_told_at_once():
    one = Equipment(
        id="one",
        area="a",
        line="l",
        tags=[tag("nowhere", 1), tag("long", 1, unit=1, type="float64"), tag("zero", 1, unit=0)],
    )
    source = ModbusSource(type="modbus", transport="rtu", device="x", max_registers=2)
    with pytest.raises(MisconfiguredError) as told:
        ModbusInput("test", source, [(PATH, one)])
    said = str(told.value).splitlines()
    assert said == [
        "tag nowhere of one: register or unit_id is missing",
        "tag long of one: its 4 registers are more than max_registers 2 of the source",
        "tag zero of one: unit_id 0: units of a serial line are 1 to 247",
    ]
