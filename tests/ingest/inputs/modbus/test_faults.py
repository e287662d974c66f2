"""The input against scripted peers that answer late, wrongly, half or not at all."""

import asyncio

import pytest
from pymodbus.framer.rtu import FramerRTU

from ingest.inputs.modbus.quality import BAD_COMMUNICATION, BAD_TIMEOUT
from tests.ingest.inputs.modbus.conftest import tag
from tests.ingest.inputs.modbus.hearing import alive, bad, missed, unreadable, values, waits

FIRST, SECOND = tag("first", 0), tag("second", 50)
RTU = {"transport": "rtu_over_tcp", "max_gap": 0}
RTU_REQUEST = 8


def address_of(request):
    return int.from_bytes(request[-4:-2], "big")


def tcp_answer(request, *registers, unit=None):
    """The frame that answers this request with these registers."""
    payload = b"".join(one.to_bytes(2, "big") for one in registers)
    pdu = bytes((request[7], len(payload))) + payload
    head = request[:4] + (len(pdu) + 1).to_bytes(2, "big")
    return head + bytes((request[6] if unit is None else unit,)) + pdu


def rtu_answer(request):
    """The frame whose registers are the addresses that were asked for."""
    start, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    payload = b"".join((start + at).to_bytes(2, "big") for at in range(count))
    frame = request[:2] + bytes((len(payload),)) + payload
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


async def test_a_scripted_answer_that_comes_late_is_not_the_next_one_on_tcp(scripted, listening):
    asked = 0

    async def late(request, send):
        nonlocal asked
        asked += 1
        if asked == 3:
            await asyncio.sleep(0.3)
        send(tcp_answer(request, address_of(request)))

    async with (
        scripted(late) as port,
        listening(FIRST, SECOND, port=port, max_gap=0) as heard,
    ):
        seen = await heard.until(lambda seen: len(values(seen, "second")) >= 6)
    assert set(values(seen, "first")) == {0}
    assert set(values(seen, "second")) == {50}


async def test_scripted_answers_with_another_transaction_unit_or_length_are_skipped(
    scripted, listening
):
    async def many(request, send):
        send(b"\xff\xff" + tcp_answer(request, 1)[2:])
        send(tcp_answer(request, 2, unit=77))
        send(tcp_answer(request, 3, 3, 3))
        send(tcp_answer(request, 4))

    async with scripted(many) as port, listening(FIRST, port=port) as heard:
        seen = await heard.until(lambda seen: len(values(seen, "first")) >= 5)
    assert set(values(seen, "first")) == {4}
    assert not bad(seen, "first")


async def test_scripted_answers_that_all_come_late_never_mix_registers_on_rtu(scripted, listening):
    """Every answer comes after its time, in order, as from a slow slave behind a converter."""
    slow = True

    async def late(request, send):
        if slow:
            await asyncio.sleep(0.25)
        send(rtu_answer(request))

    async with (
        scripted(late, request_bytes=RTU_REQUEST) as port,
        listening(FIRST, SECOND, port=port, **RTU) as heard,
    ):
        await heard.until(lambda seen: len(bad(seen, "first")) >= 3)
        slow = False
        seen = await heard.until(lambda seen: len(values(seen, "second")) >= 5)
    assert set(values(seen, "first")) == {0}
    assert set(values(seen, "second")) == {50}


@pytest.mark.parametrize(
    "unanswered",
    [
        pytest.param({4}, id="the line stays open"),
        pytest.param({4, 5}, id="the line is opened anew"),
        pytest.param({3, 4, 5, 6, 7}, id="many"),
    ],
)
async def test_a_scripted_answer_that_is_kept_for_the_next_question_is_dropped_on_rtu(
    scripted, listening, unanswered
):
    """The converter keeps what is late and gives it before the next answer, in any connection."""
    kept: list[bytes] = []
    asked = 0

    async def late(request, send):
        nonlocal asked
        asked += 1
        if asked in unanswered:
            kept.append(rtu_answer(request))
            return
        while kept:
            send(kept.pop(0))
        send(rtu_answer(request))

    async with (
        scripted(late, request_bytes=RTU_REQUEST) as port,
        listening(FIRST, SECOND, port=port, **RTU) as heard,
    ):
        seen = await heard.until(lambda seen: len(values(seen, "second")) >= 6)
    assert set(values(seen, "first")) == {0}
    assert set(values(seen, "second")) == {50}


@pytest.mark.parametrize("transport", ["tcp", "rtu_over_tcp"])
async def test_scripted_garbage_is_no_value_and_no_end(scripted, listening, transport):
    noise = True

    async def answer(request, send):
        is_tcp = transport == "tcp"
        if noise:
            send(b"\x01\x03\x02HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
        else:
            send(tcp_answer(request, 7) if is_tcp else rtu_answer(request))

    size = 12 if transport == "tcp" else RTU_REQUEST
    async with (
        scripted(answer, request_bytes=size) as port,
        listening(tag("first", 7), port=port, transport=transport) as heard,
    ):
        seen = await heard.until(lambda seen: len(bad(seen, "first")) >= 2)
        assert not values(seen, "first")
        noise = False
        seen = await heard.until(lambda seen: len(values(seen, "first")) >= 3)
    assert set(values(seen, "first")) == {7}
    assert set(bad(seen, "first")) <= {BAD_TIMEOUT, BAD_COMMUNICATION}


async def test_a_scripted_rtu_answer_after_noise_is_found(scripted, listening):
    async def noisy(request, send):
        send(b"\x00\xff" + request[:3])
        await asyncio.sleep(0.01)
        answer = rtu_answer(request)
        send(answer[:4])
        await asyncio.sleep(0.01)
        send(answer[4:] + b"\x55")

    async with (
        scripted(noisy, request_bytes=RTU_REQUEST) as port,
        listening(tag("first", 7), port=port, **RTU) as heard,
    ):
        seen = await heard.until(lambda seen: len(values(seen, "first")) >= 3)
    assert set(values(seen, "first")) == {7}
    assert not bad(seen, "first")


@pytest.mark.parametrize("transport", ["tcp", "rtu_over_tcp"])
async def test_a_scripted_half_open_connection_is_given_up_and_tried_again(
    scripted, listening, transport
):
    size = 12 if transport == "tcp" else RTU_REQUEST

    async def mute(request, send):
        del request, send

    async def speak(request, send):
        send(tcp_answer(request, 7) if transport == "tcp" else rtu_answer(request))

    line = {"transport": transport}
    async with scripted(mute, request_bytes=size) as port:
        listener = listening(tag("first", 7), port=port, **line)
        heard = await listener.__aenter__()
        seen = await heard.until(lambda seen: len(bad(seen, "first")) >= 3)
    try:
        assert not alive(seen)
        async with scripted(speak, port=port, request_bytes=size):
            await heard.until(lambda seen: values(seen, "first"), 5)
    finally:
        await listener.__aexit__(None, None, None)
    assert not missed(heard.seen), "nothing was ever seen, so nothing was missed"


async def test_a_scripted_server_that_closes_after_each_answer_is_read_without_a_gap(
    listening,
):
    async def once(reader, writer):
        writer.write(tcp_answer(await reader.readexactly(12), 7))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        async with listening(tag("first", 7), port=port) as heard:
            seen = await heard.until(lambda seen: len(values(seen, "first")) >= 6)
    finally:
        server.close()
    assert not bad(seen, "first")
    assert not missed(seen)


async def test_a_scripted_gateway_that_says_its_unit_is_silent_is_no_device_that_refuses(
    scripted, listening
):
    async def gateway(request, send):
        is_there = request[6] == 1
        pdu = bytes((request[7] | 0x80, 0x0B))
        frame = request[:4] + b"\x00\x03" + request[6:7] + pdu
        send(tcp_answer(request, 7) if is_there else frame)

    silent = tag("silent", 1, unit=2)
    async with scripted(gateway) as port, listening(FIRST, silent, port=port) as heard:
        seen = await heard.until(lambda seen: len(bad(seen, "silent")) >= 3)
    assert set(bad(seen, "silent")) == {BAD_TIMEOUT}
    assert not unreadable(seen)
    assert not bad(seen, "first")
    assert max(waits(seen)) < 0.2


async def test_a_scripted_device_that_is_busy_gives_bad_samples_and_lives(scripted, listening):
    busy = True

    async def answer(request, send):
        refusal = bytes((request[7] | 0x80, 6))
        send(request[:4] + b"\x00\x03" + request[6:7] + refusal if busy else tcp_answer(request, 7))

    async with scripted(answer) as port, listening(FIRST, port=port) as heard:
        seen = await heard.until(lambda seen: len(bad(seen, "first")) >= 3)
        assert set(bad(seen, "first")) == {0x80040000}
        assert not unreadable(seen)
        busy = False
        await heard.until(lambda seen: values(seen, "first"))


async def test_nobody_who_listens_is_told_as_bad_communication(listening, unused_port):
    async with listening(FIRST, port=unused_port) as heard:
        seen = await heard.until(lambda seen: len(bad(seen, "first")) >= 3)
    assert set(bad(seen, "first")) == {BAD_COMMUNICATION}


async def test_a_serial_port_that_is_not_there_is_waited_for(listening, tmp_path, capsys):
    port = {"transport": "rtu", "device": str(tmp_path / "ttyUSB7")}
    async with listening(FIRST, **port) as heard:
        await heard.until(lambda seen: len(bad(seen, "first")) >= 3)
    said = capsys.readouterr().err
    assert said.count("Modbus line down") == 1
    assert "ttyUSB7" in said
    assert "see to the adapter" in said
