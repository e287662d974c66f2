"""What the loops ask of the world. Kafka, SQLite and the in-memory log of the tests answer it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TopicPartition:
    """One partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int = 0
    """The broker's clock when it was appended."""
    empty_before: int = 0
    """So many offsets before it hold nothing: the marks of transactions."""
    empty_after: int = 0
    headers: Sequence[tuple[str, bytes]] = ()

    @property
    def end(self) -> int:
        """Where the log goes on."""
        return self.offset + 1 + self.empty_after

    def follows(self, offset: int) -> bool:
        """Whether it is the first record from this offset on."""
        return self.offset - self.empty_before <= offset <= self.offset

    @property
    def source(self) -> TopicPartition:
        """Where it stood."""
        return TopicPartition(self.topic, self.partition)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be written; the writer chooses the partition, the key names the record."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)


class Broker(Protocol):
    """Takes records, in the order given per partition."""

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return once all in-sync replicas have all of them; the same may be sent again.

        Raises:
            UnavailableError: try the same records again; some of them may stand in the log already.
            RejectedError: the broker will never take one of them (too large, no right).
        """


class Journal(Protocol):
    """The memory of one engine: rows per partition, written with the outputs or not at all."""

    async def claim(self, partitions: Collection[int]) -> Mapping[int, Mapping[bytes, bytes]]:
        """Make us the only writer of these partitions, and give their rows as they stand.

        Of all others, and so of all where none are named, we write nothing any more.
        What an earlier owner had not committed is undone; nothing it tries later counts.
        """

    async def commit(
        self, partition: int, rows: Mapping[bytes, bytes | None], outputs: Sequence[Outgoing]
    ) -> None:
        """Store all rows (None removes one) and all outputs in one step, durable on return.

        Raises:
            FencedError: another worker has claimed the partition since, or nobody has, and the
                transaction took too long; nothing is stored.
            UnavailableError: nobody knows whether it is stored; claim before the next commit.
        """


@dataclass(frozen=True, slots=True)
class Assigned:
    """From here on these partitions are ours, and no others.

    A reader gives nothing of them before a seek. It says the same again when a position fell out
    of the log, so that the bounds are looked at anew.
    """

    partitions: frozenset[TopicPartition]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets of a partition: its oldest record, and the one that will come next."""

    start: int
    end: int


class Feed(Protocol):
    """Records of the partitions that this worker owns, in order per topic and partition."""

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Up to `limit` records (none after a short wait), or news about what is ours.

        Records that follow an `Assigned` begin at the last committed offset or before it.
        """

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tell the group how far we are. It is a hint for lag and restarts: nothing rests on it."""

    async def rewind(self, position: TopicPartition, offset: int) -> int:
        """Deliver again from this offset on, or from the oldest one that is still in the log.

        Gives where it begins. What was under way before may still come first.
        """

    def end(self, position: TopicPartition) -> int | None:
        """Where the log ends by now; None while it is out of reach."""

    def is_read(self, position: TopicPartition, offset: int, end: int) -> bool:
        """Whether nothing that counts lies between these offsets."""

    def is_dealing(self) -> bool:
        """Whether the group deals its partitions out anew: an `Assigned` is sure to follow."""

    async def is_member(self) -> bool:
        """Ask the group whether what is ours still is; where it is not, an `Assigned` follows.

        Raises:
            UnavailableError: no broker answers.
        """
