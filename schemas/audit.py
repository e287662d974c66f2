"""Who changed what, when and why: entries, and the chain of records that they stand in."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.canonical import canonical
from schemas.record import Count, Frozen, UtcTime

FIRST = "0" * 64
"""What stands in the first record of a chain for the hash of the one before."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256, as 64 hexadecimal digits."""


class AuditEntry(Frozen):
    """One act of a person or a service; it is chained later, and never changed."""

    type: Literal["audit_entry"] = "audit_entry"
    version: int = Field(default=1, ge=1, le=1)
    id: str
    site: str
    at: UtcTime
    actor: str
    """The person's printed name, or `service:<name>`."""
    action: str
    subject: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None

    def partition_key(self) -> str:
        """Its site: entries of a site stand in one order."""
        return self.site


class AuditRecord(Frozen):
    """An entry with its number in the chain of its site, which holds it to the one before."""

    type: Literal["audit_record"] = "audit_record"
    version: int = Field(default=1, ge=1, le=1)
    site: str
    number: Count = Field(ge=1)
    """From 1, without holes."""
    entry: dict[str, Any]
    """The `audit_entry`, word for word."""
    previous: Digest
    """`hash` of the record before it; 64 zeros in the first one."""
    hash: Digest
    """SHA-256 of the canonical JSON (RFC 8785) of entry, number, previous and site."""

    @model_validator(mode="after")
    def _holds_an_entry(self) -> Self:
        AuditEntry.model_validate(self.entry)
        return self

    def partition_key(self) -> str:
        """Its site."""
        return self.site

    def record_key(self) -> str:
        """Site and number."""
        return f"{self.site}/{self.number}"


class StoredRecord(NamedTuple):
    """A record as a table has it, which nobody needs to believe."""

    site: str
    number: int
    previous: str
    hash: str
    entry: str
    """Canonical JSON."""
    at: datetime | None
    """None: no time of the years 1 to 9999."""
    id: str
    actor: str
    action: str
    subject: str
    reason: str | None


class Anchor(Frozen):
    """The head of a chain at some time, signed, to be kept where the database is not."""

    site: str
    number: Count
    hash: Digest
    at: UtcTime
    key: Digest
    """SHA-256 of the public key that verifies it."""
    signature: str = ""
    """Ed25519 over the canonical JSON of the other fields, as base64."""

    def signed(self) -> bytes:
        """What the signature is made over."""
        return canonical(self.model_dump(mode="json", exclude={"signature"}))


def entry_of(entry: AuditEntry) -> dict[str, Any]:
    """The entry as a record holds it."""
    found: dict[str, Any] = json.loads(entry.model_dump_json(exclude_none=True))
    return found


def record_hash(site: str, number: int, previous: str, entry: str) -> str:
    """The hash of a record, from the canonical text of its entry.

    Canonical JSON of an object holds that of its parts, so the entry is not read again.
    """
    head = f'{{"entry":{entry},"number":{number},"previous":"{previous}","site":'
    return hashlib.sha256(head.encode() + canonical(site) + b"}").hexdigest()
