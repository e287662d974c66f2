"""Any HTTP endpoint: headers, a body of the plant's own shape, and a signature."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from sinks.notify.http import Poster
from sinks.notify.message import Kind, Message, Sent

SIGNATURE = "X-Plantstream-Signature"
"""`sha256=` and the HMAC of the body, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """One endpoint."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    key: str | None = field(repr=False)
    poster: Poster
    kind: Kind = Kind.WEBHOOK

    async def send(self, message: Message, address: str | None) -> Sent:  # noqa: ARG002 - the URL is the address
        """Post it; a repeat has the same `Idempotency-Key`."""
        body = message.text.encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        if message.repeated:
            headers["X-Plantstream-Repeated"] = "true"
        if self.key is not None:
            headers[SIGNATURE] = signature(self.key, body)
        await self.poster.post(self.url, data=body, headers={**headers, **self.headers})
        return Sent()

    async def close(self) -> None:
        """The session is not ours."""


def signature(key: str, body: bytes) -> str:
    """What proves that the body comes from somebody who knows the key."""
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
