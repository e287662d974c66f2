"""Records of Kafka that will never be processed, as dead letters. Pure."""

from datetime import datetime

from plantstream.runtime.ports import Outgoing, Record
from schemas.codec import encode
from schemas.deadletter import MAX_BYTES, DeadLetter
from schemas.topics import DEADLETTER


def dead_letter(record: Record, service: str, reason: str, now: datetime) -> DeadLetter:
    """The letter of this record; buried again it has the same id."""
    value = record.value or b""
    return DeadLetter.model_construct(
        id=f"{record.topic}/{record.partition}/{record.offset}",
        service=service,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=value[:MAX_BYTES],
        size=len(value),
        reason=reason,
        buried_at=now,
    )


def addressed(letter: DeadLetter, record: Record) -> Outgoing:
    """The letter as a record of its topic, in the place of the one that it buries."""
    partition = record.partition % DEADLETTER.partitions
    return Outgoing(DEADLETTER.name, partition, record.key or b"", encode(letter))
