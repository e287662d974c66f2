"""Frames that are the answer to what was asked, and nothing else.

pymodbus checks the unit and, on TCP, the transaction; its RTU framer would take a late answer of a
unit for the next one. These framers check unit, function and length as well, and skip whatever else
comes, without an error: a request that is not answered times out.
"""

from dataclasses import dataclass

from pymodbus.framer.rtu import FramerRTU
from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU

_EXCEPTION = 0x80
_HEADER = 6
"""Bytes of a TCP frame before those that its length counts: transaction, protocol, length."""
_SHORTEST, _LONGEST = 3, 254
_HEAD = 3
"""Bytes by which an answer on a serial line is known: unit, function, number of bytes."""
_CRC = 2
_REFUSAL_BYTES = 2
"""Function and exception code."""
_REFUSED = 1 + _REFUSAL_BYTES + _CRC


class Answer(ModbusPDU):
    """The raw values of an answer, or its exception code."""

    def __init__(self, unit: int, transaction: int, payload: bytes, code: int = 0) -> None:
        super().__init__(dev_id=unit, transaction_id=transaction)
        self.payload = payload
        self.exception_code = code


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer to the request on its way looks like."""

    function: int
    payload_bytes: int

    def answer(self, unit: int, transaction: int, pdu: bytes) -> Answer | None:
        """The answer in these bytes, or None if they are the answer to something else."""
        if len(pdu) == _REFUSAL_BYTES and pdu[0] == self.function | _EXCEPTION:
            return Answer(unit, transaction, b"", pdu[1])
        size = self.payload_bytes
        if len(pdu) == size + 2 and pdu[0] == self.function and pdu[1] == size:
            return Answer(unit, transaction, pdu[2:])
        return None


class TcpFramer(FramerSocket):
    """Frames of Modbus TCP."""

    def __init__(self) -> None:
        super().__init__(DecodePDU(False))
        self.expected = Expected(0, 0)
        self.skipped = 0
        """Bytes that were no answer to the last request."""

    def handleFrame(  # noqa: N802 - the name is pymodbus'
        self, data: bytes, exp_devid: int, exp_tid: int
    ) -> tuple[int, ModbusPDU | None]:
        """How many bytes are done with, and the answer if it is among them."""
        at = 0
        while len(data) - at > _HEADER:
            length = int.from_bytes(data[at + 4 : at + 6], "big")
            if data[at + 2 : at + 4] != b"\0\0" or not _SHORTEST <= length <= _LONGEST:
                self.skipped += len(data) - at
                return len(data), None
            end = at + _HEADER + length
            if len(data) < end:
                break
            transaction, unit = int.from_bytes(data[at : at + 2], "big"), data[at + 6]
            if (transaction, unit) == (exp_tid, exp_devid):
                answer = self.expected.answer(unit, transaction, data[at + 7 : end])
                if answer is not None:
                    return end, answer
            self.skipped += end - at
            at = end
        return at, None


class RtuFramer(FramerRTU):
    """Frames of a serial line."""

    def __init__(self) -> None:
        super().__init__(DecodePDU(False))
        self.expected = Expected(0, 0)
        self.skipped = 0
        """Bytes that were no answer to the last request."""

    def handleFrame(  # noqa: N802 - the name is pymodbus'
        self, data: bytes, exp_devid: int, exp_tid: int
    ) -> tuple[int, ModbusPDU | None]:
        """How many bytes are done with, and the answer if it is among them."""
        del exp_tid
        function, size = self.expected.function, self.expected.payload_bytes
        heads = {bytes((exp_devid, function, size)): size + _HEAD + _CRC}
        refusal = bytes((exp_devid, function | _EXCEPTION))
        for at in range(len(data)):
            head = data[at : at + _HEAD]
            length = heads.get(head, _REFUSED if head.startswith(refusal) else 0)
            if len(data) - at < (length or _HEAD):
                if length or any(one.startswith(head) for one in (*heads, refusal)):
                    self.skipped += at
                    return at, None
                continue
            frame = data[at : at + length]
            if length and self.check_CRC(frame[:-2], int.from_bytes(frame[-2:], "big")):
                self.skipped += at
                return len(data), self.expected.answer(exp_devid, 0, frame[1:-2])
        self.skipped += len(data)
        return len(data), None


Framer = TcpFramer | RtuFramer
