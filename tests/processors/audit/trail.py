"""A small audit trail, and it as a table has it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from processors.audit.engine import AuditEngine, Chain
from schemas.audit import Anchor, AuditEntry, AuditRecord, StoredRecord
from schemas.canonical import canonical

SITE = "acme/north"
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
ENGINE = AuditEngine()


def entry(number: int, site: str = SITE, **said: Any) -> AuditEntry:
    given: dict[str, Any] = {
        "id": f"e{number}",
        "site": site,
        "at": BEGIN + timedelta(minutes=number),
        "actor": "Ana Ruiz",
        "action": "limit.changed",
        "subject": f"rule {number}",
        "after": {"above": number / 10},
        "reason": "new product",
    }
    return AuditEntry(**given | said)


def chained(entries: Sequence[AuditEntry], state: Chain | None = None) -> list[AuditRecord]:
    begun = state or ENGINE.load(SITE, {})
    return [output.record for output in ENGINE.advance(begun, entries, None).outputs]  # type: ignore[misc]


def stored(record: AuditRecord) -> StoredRecord:
    told = AuditEntry.model_validate(record.entry)
    return StoredRecord(
        record.site,
        record.number,
        record.previous,
        record.hash,
        canonical(record.entry).decode(),
        told.at,
        *(told.id, told.actor, told.action, told.subject, told.reason),
    )


def trail(length: int, site: str = SITE) -> list[StoredRecord]:
    entries = [entry(number, site) for number in range(1, length + 1)]
    return [stored(record) for record in chained(entries, ENGINE.load(site, {}))]


def anchor(record: StoredRecord, minutes: float = 0) -> Anchor:
    """The head as it was at this record; who signed it is another matter."""
    assert record.at is not None
    at = record.at + timedelta(minutes=minutes)
    return Anchor(site=record.site, number=record.number, hash=record.hash, at=at, key="0" * 64)
