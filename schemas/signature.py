"""A person's signature: who, when, meaning what, over which content."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.audit import Digest
from schemas.canonical import canonical
from schemas.record import Frozen, UtcTime


class Signature(Frozen):
    """Made after password and second factor were shown; sealed by the edge that asked for them."""

    id: str = Field(min_length=1, max_length=64)
    """Of the entry in the audit trail that says it was made."""
    login: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=100)
    """The printed name."""
    roles: tuple[str, ...] = ()
    """What the person may do, as of then."""
    at: UtcTime
    local_time: str = Field(max_length=40)
    """The same instant by the clocks of the site, with its offset: 2026-03-02T00:00:00-06:00."""
    time_zone: str = Field(max_length=60)
    meaning: str = Field(min_length=1, max_length=200)
    """What it says of the content, such as `released` or `reviewed`."""
    content_sha256: Digest
    """What was signed: see `content_digest`."""
    key: Digest
    """SHA-256 of the public key that verifies the seal."""
    seal: str = ""
    """Ed25519 over the canonical JSON of the other fields, as base64."""

    def sealed(self) -> bytes:
        """What the seal is made over."""
        return canonical(self.model_dump(mode="json", exclude={"seal"}))


def content_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of what is signed, without any `signature` in it.

    Raises:
        ValueError: it is no JSON.
    """
    signed = {name: value for name, value in content.items() if name != "signature"}
    return hashlib.sha256(canonical(signed)).hexdigest()
