"""Frames: the answer to what was asked is found, and nothing else is taken for it."""

from hypothesis import given
from hypothesis.strategies import binary, integers
from pymodbus.framer.rtu import FramerRTU

from ingest.inputs.modbus.framing import Expected, RtuFramer, TcpFramer

ASKED = Expected(3, 4)


def tcp(transaction=1, unit=5, pdu=b"\x03\x04abcd", protocol=0):
    head = transaction.to_bytes(2, "big") + protocol.to_bytes(2, "big")
    return head + (len(pdu) + 1).to_bytes(2, "big") + bytes((unit,)) + pdu


def rtu(unit=5, pdu=b"\x03\x04abcd"):
    frame = bytes((unit,)) + pdu
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def by_tcp(data):
    framer = TcpFramer()
    framer.expected = ASKED
    return framer.handleFrame(data, 5, 1)


def by_rtu(data):
    framer = RtuFramer()
    framer.expected = ASKED
    return framer.handleFrame(data, 5, 0)


def test_the_answer_is_found():
    for used, answer in (by_tcp(tcp()), by_rtu(rtu())):
        assert answer.payload == b"abcd"
        assert answer.exception_code == 0
        assert used > 0


def test_an_exception_is_an_answer():
    for _, answer in (by_tcp(tcp(pdu=b"\x83\x02")), by_rtu(rtu(pdu=b"\x83\x02"))):
        assert (answer.payload, answer.exception_code) == (b"", 2)


def test_the_answer_to_something_else_is_skipped():
    others = [
        tcp(transaction=2),
        tcp(unit=6),
        tcp(pdu=b"\x04\x04abcd"),
        tcp(pdu=b"\x03\x02ab"),
        tcp(pdu=b"\x84\x02"),
    ]
    for other in others:
        assert by_tcp(other) == (len(other), None)
        assert by_tcp(other + tcp())[1].payload == b"abcd"
    for other in (rtu(unit=6), rtu(pdu=b"\x04\x04abcd"), rtu(pdu=b"\x03\x02ab")):
        assert by_rtu(other)[1] is None
        assert by_rtu(other + rtu())[1].payload == b"abcd"


def test_a_frame_with_a_wrong_checksum_is_none():
    broken = rtu()[:-1] + b"\0"
    assert by_rtu(broken)[1] is None
    assert by_rtu(broken + rtu())[1].payload == b"abcd"


@given(integers(0, 20))
def test_a_frame_in_two_parts_is_waited_for(cut):
    for find, whole in ((by_tcp, tcp()), (by_rtu, rtu())):
        part = whole[: min(cut, len(whole) - 1)]
        used, answer = find(part)
        assert (used, answer) == (0, None)


@given(binary(max_size=40), integers(0, 20))
def test_noise_before_the_answer_on_a_serial_line_hides_nothing(noise, cut):
    framer = RtuFramer()
    framer.expected = ASKED
    data, answer = b"", None
    stream = noise + rtu()
    for part in (stream[: len(noise) + cut], stream[len(noise) + cut :]):
        if answer is None:
            data += part
            used, answer = framer.handleFrame(data, 5, 0)
            data = data[used:]
    assert answer is not None


@given(binary(max_size=300))
def test_no_noise_is_an_error_or_an_answer(noise):
    for find in (by_tcp, by_rtu):
        used, answer = find(noise)
        assert 0 <= used <= len(noise)
        assert answer is None or noise.find(b"\x05\x03") >= 0 or noise.find(b"\x05\x83") >= 0
