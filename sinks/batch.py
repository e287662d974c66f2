"""Records in, events and dead letters out, with the positions they reach. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from plantstream.runtime.burial import addressed, dead_letter
from plantstream.runtime.ports import Outgoing, Record, TopicPartition
from schemas.codec import UnreadableError, decode
from schemas.deadletter import DeadLetter
from schemas.partitioning import partition_of
from schemas.record import Envelope
from schemas.topics import BY_NAME
from sinks.errors import Place
from sinks.position import Position, position_after
from sinks.resume import Cursor, verify


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a partition that a batch covers: from `begin` up to its last record."""

    partition: TopicPartition
    begin: int
    after: Position
    new: bool = False
    """There is no stored position yet, and `begin` is where the log starts."""


@dataclass(frozen=True, slots=True)
class Event:
    """A record that could be read, and what it holds."""

    record: Record
    value: Any

    @property
    def place(self) -> Place:
        """Where it stood."""
        return self.record.source, self.record.offset


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that is buried, and the letter that says why."""

    record: Record
    value: DeadLetter


Entry = Event | Letter


@dataclass(frozen=True, slots=True)
class Batch:
    """What is stored in one step. Events stand in the order of their offsets per partition."""

    spans: tuple[Span, ...] = ()
    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()

    def __len__(self) -> int:
        return len(self.events) + len(self.letters)

    def ends(self) -> dict[TopicPartition, int]:
        """The next offset to read, per partition."""
        return {span.partition: span.after.next for span in self.spans}


def collect(
    records: Sequence[Record], cursors: Mapping[TopicPartition, Cursor]
) -> tuple[dict[TopicPartition, Cursor], list[Record]]:
    """The cursors without what they expected, and the records that are not stored yet.

    Records of partitions without a cursor are somebody else's.

    Raises:
        MisconfiguredError: the log does not hold what was stored from it.
    """
    checked: dict[TopicPartition, Cursor] = {}
    unread = []
    for record in records:
        source = record.source
        cursor = checked.get(source) or cursors.get(source)
        if cursor is None:
            continue
        if cursor.expected is not None:
            verify(source, cursor.expected, record)
            checked[source] = replace(cursor, expected=None)
        elif record.offset >= cursor.next:
            unread.append(record)
    return checked, unread


def read(
    records: Sequence[Record],
    cursors: Mapping[TopicPartition, Cursor],
    cluster_id: str,
    now: datetime,
) -> Batch:
    """The batch of these records, all of which stand at or after their cursors."""
    return batch_of([entry_of(record, now) for record in records], cursors, cluster_id)


def entry_of(record: Record, now: datetime) -> Entry:
    """What the record holds, or why it cannot be read."""
    try:
        return Event(record, _decode(record))
    except UnreadableError as error:
        return bury(record, str(error), now)


def batch_of(
    entries: Sequence[Entry], cursors: Mapping[TopicPartition, Cursor], cluster_id: str
) -> Batch:
    """The batch of these, from where the cursors stand."""
    last = {entry.record.source: entry.record for entry in entries}
    spans = tuple(
        Span(
            source,
            cursors[source].next,
            position_after(record, cluster_id),
            new=cursors[source].new,
        )
        for source, record in last.items()
    )
    return Batch(
        spans,
        tuple(entry for entry in entries if isinstance(entry, Event)),
        tuple(entry for entry in entries if isinstance(entry, Letter)),
    )


def without(batch: Batch, reasons: Mapping[Place, str], now: datetime) -> Batch:
    """The batch with these records buried."""
    refused = [event for event in batch.events if event.place in reasons]
    return replace(
        batch,
        events=tuple(event for event in batch.events if event.place not in reasons),
        letters=(
            *batch.letters,
            *(bury(event.record, reasons[event.place], now) for event in refused),
        ),
    )


def bury(record: Record, reason: str, now: datetime) -> Letter:
    """The letter for a record that will never be stored."""
    return Letter(record, dead_letter(record, "sink", reason, now))


def outgoing(letter: Letter) -> Outgoing:
    """The letter as a record of its topic."""
    return addressed(letter.value, letter.record)


def _decode(record: Record) -> Any:
    topic = BY_NAME[record.topic]
    value = decode(topic, record.value)
    if isinstance(value, Envelope):
        _check_place(record, value.partition_key(), topic.partitions)
    return value


def _check_place(record: Record, key: str, partitions: int) -> None:
    """Marks of a key hold for one partition: elsewhere its events would look like repeats.

    Raises:
        UnreadableError: the event stands where it does not belong.
    """
    if not record.key:
        raise UnreadableError("the record has no key")
    expected = _partition_of(key, partitions)
    if expected != record.partition:
        raise UnreadableError(f"{key} belongs to partition {expected} of {record.topic}")


@lru_cache(10_000)
def _partition_of(key: str, partitions: int) -> int:
    return partition_of(key.encode(), partitions)
