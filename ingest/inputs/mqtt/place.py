"""What a restarted edge has to know of its session: the position of an MQTT source."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Place:
    """The position, in parts."""

    stored: str = ""
    """Which messages are stored, as `Stored.dump` says it."""
    subscribed: str = ""
    """What the session is subscribed to, as `digest_of` says it."""
    fleeting: tuple[str, ...] = ()
    """Topics that publish at QoS 0."""

    def dump(self) -> str:
        """As text that `load` reads."""
        return json.dumps([self.stored, self.subscribed, self.fleeting])

    @classmethod
    def load(cls, dumped: str | None) -> Self:
        """What `dump` wrote; nothing if it cannot be read."""
        try:
            stored, subscribed, fleeting = json.loads(dumped or "")
            return cls(str(stored), str(subscribed), tuple(map(str, fleeting)))
        except (ValueError, TypeError):
            return cls()


def digest_of(filters: Iterable[str]) -> str:
    """Another text for other topic filters."""
    text = "\0".join(sorted(filters))
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
