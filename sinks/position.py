"""How far a partition is stored, and how to tell its last record again."""

import hashlib
from dataclasses import dataclass

from plantstream.runtime.ports import Record


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition is stored, and what its last stored record was.

    The last record stands at `next - 1`.
    """

    next: int
    cluster_id: str
    timestamp_ms: int
    """The broker's clock when it appended the last record stored."""
    checksum: str


def position_after(record: Record, cluster_id: str) -> Position:
    """Where a partition stands once this record is stored."""
    return Position(record.offset + 1, cluster_id, record.timestamp_ms, checksum(record))


def checksum(record: Record) -> str:
    """SHA-256 of key and value; a missing one differs from an empty one."""
    digest = hashlib.sha256()
    for part in (record.key, record.value):
        digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.hexdigest()
