"""Where events end: the port that every target implements, and what it remembers of a partition."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from plantstream.runtime.ports import Record, TopicPartition

if TYPE_CHECKING:
    from sinks.batch import Batch


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


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to: rows per table, and events left out because they were stored before."""

    rows: Mapping[str, int] = field(default_factory=dict)
    repeats: int = 0
    holes: int = 0
    """Events that should have come in between and did not."""


class Sink(Protocol):
    """A target. One task calls it: open, then positions and one batch at a time, then close."""

    async def open(self) -> None:
        """Connect and check that the target is fit.

        Raises:
            UnavailableError: not now.
            MisconfiguredError: a person has to do something first.
        """

    async def positions(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Position]:
        """How far these partitions are stored; those never written are left out."""

    async def write(self, batch: "Batch") -> Written:
        """Store the batch and its positions in one step; the same batch may come twice.

        Raises:
            UnavailableError: nobody knows whether it is stored; write the same again.
            FencedError: a position is not where the batch begins; nothing is stored.
            RejectedRecordsError: these records will never be taken; nothing is stored.
        """

    async def close(self) -> None:
        """Let go of the target."""


def position_after(record: Record, cluster_id: str) -> Position:
    """Where a partition stands once this record is stored."""
    return Position(record.offset + 1, cluster_id, record.timestamp_ms, checksum(record))


def checksum(record: Record) -> str:
    """SHA-256 of key and value; a missing one differs from an empty one."""
    digest = hashlib.sha256()
    for part in (record.key, record.value):
        digest.update(b"-" if part is None else b"%d:" % len(part) + part)
    return digest.hexdigest()
