"""What the edge's loops ask of the disk and of the world; SQLite and the tests answer it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from schemas.record import EventId

Sleep = Callable[[float], Awaitable[None]]
"""Wait for so many seconds; a simulation returns at once."""
Clock = Callable[[], datetime]
"""The time of day, in UTC."""
Entropy = Callable[[int], bytes]
"""So many random bytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record on its way to the broker."""

    topic: str
    partition_key: str
    record_key: str
    value: bytes
    at: datetime
    """When it happened at the source; tells what a dropped record leaves unseen."""
    seq: int | None = None
    """Of the record's id; None for a record that has none, such as a plant file."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """An entry on disk; numbers go up and are never used again."""

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Loss:
    """Records of one topic and partition key that were dropped before the broker had them."""

    topic: str
    partition_key: str
    records: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction stores: all of it or nothing."""

    entries: Sequence[Entry] = ()
    memory: Mapping[str, bytes] = field(default_factory=dict)
    """Rows of the mapping's memory that changed; all others stay."""
    positions: Mapping[str, str] = field(default_factory=dict)
    """Per input, where to go on after a restart."""
    explained: Sequence[Loss] = ()
    """Losses that the entries tell the receivers about."""


class Spool(Protocol):
    """Where records wait for the broker. One task at a time stamps and appends."""

    @property
    def source(self) -> str:
        """The name of the edge, first part of every id."""

    @property
    def epoch(self) -> str:
        """Born with the spool, or given for a recording; second part of every id."""

    @property
    def depth(self) -> int:
        """How many entries wait."""

    @property
    def size_bytes(self) -> int:
        """How many bytes of entries wait."""

    @property
    def dropped(self) -> int:
        """How many entries this process has dropped to stay within the limits."""

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read until entries have gone; never of one that drops."""

    @property
    def losses(self) -> Sequence[Loss]:
        """What was dropped and is not explained yet; survives a restart.

        While nothing leaves the spool it goes on growing, and an explanation would be dropped in
        its turn: it shows again once the broker takes records.
        """

    @property
    def memory(self) -> Mapping[str, bytes]:
        """The memory as it was stored last."""

    @property
    def positions(self) -> Mapping[str, str]:
        """The positions as they were stored last."""

    @property
    def set_aside(self) -> str | None:
        """Where a damaged predecessor of this spool was put, if there was one."""

    def stamp(self, topic: str, partition_key: str) -> EventId:
        """The next id of this topic and partition key; the next append makes it durable."""

    async def append(self, batch: Batch) -> None:
        """Store the batch and all stamps given so far, durable on return.

        Raises:
            UnavailableError: nothing was stored (the disk is full); try the same batch again.
        """

    async def next(self, limit: int) -> Sequence[Spooled]:
        """About `limit` entries to send; these are no longer dropped.

        Plant files come first, then each partition key's entries oldest first. While more wait
        than fit, partition keys take turns, so that a long backlog of one does not delay others.

        Raises:
            UnavailableError: try again.
        """

    async def remove(self, sent: Sequence[Spooled]) -> None:
        """Forget these entries: the broker has them.

        Raises:
            UnavailableError: try again.
        """

    async def close(self) -> None:
        """Give the spool free for another agent."""

    async def delete(self) -> None:
        """Close it and leave nothing of it."""
