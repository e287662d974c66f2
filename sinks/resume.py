"""Where to go on in a partition, and whether its log is still the one we know. Pure."""

from dataclasses import dataclass

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.ports import Bounds, Record, TopicPartition
from schemas.topics import BY_NAME
from sinks.position import Position, position_after


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far we are in a partition."""

    next: int
    new: bool = False
    """Nothing of this partition is stored yet."""
    expected: Position | None = None
    """What the first record read must leave behind, because it is the last one stored."""

    def first_read(self) -> int:
        """The offset to seek to."""
        return self.next if self.expected is None else self.next - 1


def resume(
    partition: TopicPartition, stored: Position | None, bounds: Bounds, cluster_id: str
) -> Cursor:
    """The cursor of a partition that has just become ours.

    Compaction takes records away that a newer one of their key replaces, the last stored one too:
    nothing is missing where a log that is compacted has a hole.

    Raises:
        MisconfiguredError: the log is another one, or records that were never stored are gone.
    """
    if stored is None:
        return Cursor(bounds.start, new=True)
    if stored.cluster_id != cluster_id:
        raise _lost(
            partition,
            f"the stored position is from cluster {stored.cluster_id}, this is {cluster_id}",
        )
    if stored.next > bounds.end:
        raise _lost(
            partition, f"stored up to offset {stored.next}, but the log ends at {bounds.end}"
        )
    if _is_compacted(partition):
        return Cursor(stored.next)
    if stored.next < bounds.start:
        raise _lost(
            partition,
            f"offsets {stored.next} to {bounds.start - 1} were deleted before they were stored",
        )
    if stored.next == bounds.start:  # The last stored record is gone, and nothing after it.
        return Cursor(stored.next)
    return Cursor(stored.next, expected=stored)


def verify(partition: TopicPartition, expected: Position, record: Record) -> None:
    """Compare the last stored record with what the log holds in its place.

    Raises:
        MisconfiguredError: it is another record.
    """
    found = position_after(record, expected.cluster_id)
    if found != expected:
        raise _lost(
            partition,
            f"offset {expected.next - 1} holds another record than the one that was stored"
            f" (broker time {expected.timestamp_ms} ms then, {found.timestamp_ms} ms"
            f" at offset {record.offset} now)",
        )


def _is_compacted(partition: TopicPartition) -> bool:
    topic = BY_NAME.get(partition.topic)
    return topic is not None and (topic.retention is None or topic.compacted)


def _lost(partition: TopicPartition, what: str) -> MisconfiguredError:
    return MisconfiguredError(
        f"{partition}: {what}. Nothing was skipped or written. If this log is the right one, accept"
        f" the loss with `plantstream db accept-loss {partition.topic} {partition.partition}`:"
        " the sink then reads what the log holds from its start, and drops what it stored before."
    )
