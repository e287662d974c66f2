"""Which messages are stored already, though the broker may not know it and sends them again."""

import struct
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Self

MAX_REMEMBERED = 1024
"""Messages; twice as many as may wait here at QoS 1."""

_DIGEST_BYTES = 4
_ENTRY = struct.Struct(f">H{_DIGEST_BYTES}s")


class Stored:
    """The last messages of a session that were stored, by packet identifier.

    A broker sends an unacknowledged message again under its identifier and marked so (MQTT 5.0,
    4.4). The digest tells it from another message that was given the identifier meanwhile.
    """

    def __init__(self, identified: Iterable[tuple[int, bytes]] = ()) -> None:
        self._digests: OrderedDict[int, bytes] = OrderedDict(identified)

    @classmethod
    def load(cls, dumped: str) -> Self:
        """What `dump` wrote; nothing if it cannot be read."""
        try:
            return cls(_ENTRY.iter_unpack(b64decode(dumped)))
        except (ValueError, struct.error):
            return cls()

    def dump(self) -> str:
        """As text that `load` reads, 8 characters a message."""
        return b64encode(b"".join(_ENTRY.pack(*one) for one in self._digests.items())).decode()

    def add(self, identifier: int, topic: str, payload: bytes) -> None:
        """This one is stored with the next chunk."""
        self._digests.pop(identifier, None)
        self._digests[identifier] = _digest(topic, payload)
        while len(self._digests) > MAX_REMEMBERED:
            self._digests.popitem(last=False)

    def has(self, identifier: int, topic: str, payload: bytes) -> bool:
        """Whether this message, sent again, is one of them."""
        return self._digests.get(identifier) == _digest(topic, payload)

    def forget(self) -> None:
        """The broker began a new session: identifiers begin anew."""
        self._digests.clear()


def _digest(topic: str, payload: bytes) -> bytes:
    return blake2b(topic.encode() + b"\0" + payload, digest_size=_DIGEST_BYTES).digest()
