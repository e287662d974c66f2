"""Which messages are stored already, though the broker may not know it and sends them again."""

import json
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Self

_DIGEST_BYTES = 6


class Stored:
    """The last messages of a session that were stored, by packet identifier.

    A broker sends an unacknowledged message again under its identifier (MQTT 5.0, 4.4), and at most
    Receive Maximum of them are unacknowledged; acknowledgements are sent in order. So whatever it
    repeats is among as many last ones. With the digest, an identifier that was given to another
    message meanwhile is not mistaken.
    """

    def __init__(self, limit: int, identifiers: Sequence[tuple[int, str]] = ()) -> None:
        self._limit = limit
        self._digests: OrderedDict[int, str] = OrderedDict(identifiers)

    @classmethod
    def load(cls, dumped: str, limit: int) -> Self:
        """What `dump` wrote; nothing if it cannot be read."""
        try:
            found = [(int(identifier), str(digest)) for identifier, digest in json.loads(dumped)]
        except (ValueError, TypeError):
            found = []
        return cls(limit, found[-limit:])

    def dump(self) -> str:
        """As text that `load` reads."""
        return json.dumps(list(self._digests.items()), separators=(",", ":"))

    def add(self, identifier: int, topic: str, payload: bytes) -> None:
        """This one is stored with the next chunk."""
        self._digests.pop(identifier, None)
        self._digests[identifier] = _digest(topic, payload)
        while len(self._digests) > self._limit:
            self._digests.popitem(last=False)

    def has(self, identifier: int, topic: str, payload: bytes) -> bool:
        """Whether this message, sent again, is one of them."""
        return self._digests.get(identifier) == _digest(topic, payload)

    def forget(self) -> None:
        """The broker began a new session: identifiers begin anew."""
        self._digests.clear()


def _digest(topic: str, payload: bytes) -> str:
    return blake2b(topic.encode() + b"\0" + payload, digest_size=_DIGEST_BYTES).hexdigest()
