"""Why a tag has no value: exception codes of the Modbus specification, status codes of OPC UA."""

from dataclasses import dataclass

BAD_COMMUNICATION = 0x80050000
"""The line is down (BadCommunicationError)."""
BAD_TIMEOUT = 0x800A0000
"""The unit does not answer (BadTimeout)."""

ILLEGAL_FUNCTION = 1
REFUSED = frozenset({ILLEGAL_FUNCTION, 2, 3})
"""The device will not give what we ask for, now or later: function, address, length."""
UNREACHED = frozenset({10, 11})
"""A gateway speaks, and the unit behind it does not."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an exception code means."""

    quality: int
    reason: str


_BY_CODE = {
    1: Trouble(0x803D0000, "illegal function: the device does not have this table"),
    2: Trouble(0x80340000, "illegal data address: the device does not have this register"),
    3: Trouble(0x803C0000, "illegal data value: the device refuses this length"),
    4: Trouble(0x808B0000, "server device failure"),
    5: Trouble(0x80040000, "acknowledge: the device is at work on something long"),
    6: Trouble(0x80040000, "server device busy"),
    8: Trouble(0x808B0000, "memory parity error"),
    10: Trouble(BAD_COMMUNICATION, "gateway path unavailable"),
    11: Trouble(BAD_TIMEOUT, "gateway target device failed to respond"),
}


def trouble(code: int) -> Trouble:
    """What this exception code means."""
    return _BY_CODE.get(code, Trouble(0x80010000, "an exception that is not in the specification"))
