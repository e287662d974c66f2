"""The input against slaves made with libmodbus, over TCP and over a serial line."""

import pytest

from ingest.inputs.modbus.quality import BAD_COMMUNICATION, BAD_TIMEOUT
from tests.ingest.inputs.modbus.conftest import Process, tag
from tests.ingest.inputs.modbus.hearing import PATH, bad, missed, unreadable, values, waits

BACK_WITHIN_S = 5.0
COUNT = tag("count", 8)
# A pseudo terminal has no parity.
SERIAL = {"transport": "rtu", "baud_rate": 115200, "parity": "none"}


async def test_floats_of_all_orders_by_libmodbus_are_read(slave, listening):
    orders = ("ABCD", "CDAB", "BADC", "DCBA")
    tags = [tag(one.lower(), 2 * at, type="float32", order=one) for at, one in enumerate(orders)]
    async with slave(1) as (_, port), listening(*tags, port=port) as heard:
        seen = await heard.until(lambda seen: values(seen, "dcba"))
    assert {one.lower(): values(seen, one.lower())[0] for one in orders} == dict.fromkeys(
        ("abcd", "cdab", "badc", "dcba"), 123456.5
    )


async def test_all_tables_of_libmodbus_are_read(slave, listening):
    tags = (
        tag("negative", 9, type="int16"),
        tag("text", 12, type="string", length=4),
        tag("bit", 9, type="bool", bit=2),
        tag("input", 63, table="input"),
        tag("coil", 33, table="coil", type="bool"),
        tag("discrete", 33, table="discrete_input", type="bool"),
    )
    async with slave(1) as (_, port), listening(*tags, port=port) as heard:
        seen = await heard.until(lambda seen: values(seen, "text"))
    told = {one.tag: one.value for one in seen if hasattr(one, "tag")}
    assert told == {
        "negative": -5,
        "text": "plantstr",
        "bit": False,
        "input": 1063,
        "coil": True,
        "discrete": False,
    }
    assert {type(one) for one in told.values()} == {int, str, bool}


async def test_a_register_that_libmodbus_lacks_is_told_once_and_the_others_run(slave, listening):
    tags = [tag(f"t{at}", at) for at in (9, 10, 11, 12)]
    lacking = tag("lacking", 64)
    async with slave(1) as (_, port), listening(*tags, lacking, port=port, max_gap=60) as heard:
        seen = await heard.until(lambda seen: len(values(seen, "t9")) >= 5)
    (told,) = unreadable(seen)
    assert f"tag lacking of {PATH}: illegal data address" in told.reason
    assert "plant file" in told.reason
    assert told.origin == f"127.0.0.1:{port} unit 1 holding 64"
    assert set(bad(seen, "lacking")) == {0x80340000}
    assert len(bad(seen, "lacking")) >= 4
    assert not missed(seen)


async def test_a_silent_unit_behind_libmodbus_never_delays_the_others(slave, listening):
    silent = tag("silent", 8, unit=9)
    async with slave(1, 2) as (_, port), listening(COUNT, silent, port=port) as heard:
        await heard.until(lambda seen: len(bad(seen, "silent")) >= 2)
        seen = await heard.more(lambda seen: len(bad(seen, "silent")) >= 3)
    assert len(waits(seen)) > 10
    assert max(waits(seen)) < 0.2, "no wait is as long as an answer may take"
    assert set(bad(seen, "silent")) == {BAD_TIMEOUT}


@pytest.mark.parametrize("baud", [9600, 115200])
async def test_libmodbus_is_read_over_a_serial_line(libmodbus, serial_line, listening, baud):
    async with serial_line() as (ours, theirs):
        process = Process(libmodbus, "rtu", theirs, baud, 1)
        try:
            await process.start()
            line = SERIAL | {"device": str(ours), "baud_rate": baud}
            tags = (
                COUNT,
                tag("abcd", 0, type="float32"),
                tag("coil", 3, table="coil", type="bool"),
            )
            async with listening(*tags, **line) as heard:
                seen = await heard.until(lambda seen: len(values(seen, "count")) >= 5)
        finally:
            await process.kill()
    assert values(seen, "abcd")[0] == 123456.5
    assert values(seen, "coil")[0] is True
    counts = values(seen, "count")
    assert counts == sorted(set(counts))


async def test_a_silent_unit_on_the_serial_line_of_libmodbus_costs_a_part_of_it(
    libmodbus, serial_line, listening
):
    async with serial_line() as (ours, theirs):
        process = Process(libmodbus, "rtu", theirs, 115200, 1)
        try:
            await process.start()
            line = SERIAL | {"device": str(ours)}
            # A slave of libmodbus hears nothing for 0.5 s after a request to another unit.
            line |= {"timeout_ms": 600}
            silent = tag("silent", 8, unit=9)
            async with listening(COUNT, silent, **line) as heard:
                await heard.until(lambda seen: bad(seen, "silent"))
                seen = await heard.more(lambda seen: len(bad(seen, "silent")) >= 2)
        finally:
            await process.kill()
    waited = [wait for wait in waits(seen) if wait > 0.3]
    assert len(waited) <= 2, "only the attempts at the silent unit are waited for"
    assert len(values(seen, "count")) > 40
    assert not bad(seen, "count")


async def test_an_adapter_that_is_pulled_out_and_put_in_again_is_found(
    libmodbus, serial_line, listening
):
    async with serial_line() as (ours, theirs):
        process = Process(libmodbus, "rtu", theirs, 115200, 1)
        try:
            await process.start()
            listener = listening(COUNT, device=str(ours), **SERIAL)
            heard = await listener.__aenter__()
            await heard.until(lambda seen: len(values(seen, "count")) >= 3)
        finally:
            await process.kill()
    try:
        away = await heard.more(lambda seen: len(bad(seen, "count")) >= 3)
        assert set(bad(away, "count")) == {BAD_COMMUNICATION}
        async with serial_line() as (_, theirs):
            process = Process(libmodbus, "rtu", theirs, 115200, 1)
            try:
                await process.start()
                after = await heard.more(lambda seen: values(seen, "count"), BACK_WITHIN_S)
            finally:
                await process.kill()
    finally:
        await listener.__aexit__(None, None, None)
    assert len(missed(after)) == 1
