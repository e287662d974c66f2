"""Spooled entries that the broker will never take, as dead letters."""

import base64
from datetime import datetime, timedelta

from ingest.ports import Entry, Spooled
from ingest.sealing import SERVICE
from plantstream.runtime.ports import Outgoing
from schemas.codec import encode
from schemas.deadletter import MAX_BYTES, DeadLetter
from schemas.partitioning import partition_of
from schemas.topics import BY_NAME, DEADLETTER

LATE_AFTER = timedelta(seconds=60)
LATE_HEADER = "late-s"
"""Seconds between the event and its being sent, where they are more than `LATE_AFTER`."""
LARGEST_RECORD_BYTES = 900_000
"""Key and value of one record; Kafka's own limit of 1 MB also covers the batch around it."""


def outgoing(entry: Entry, now: datetime) -> Outgoing:
    """The entry as the broker takes it, in the partition of its partition key.

    What is sent long after it happened says so in a header, in seconds.
    """
    partition = partition_of(entry.partition_key.encode(), BY_NAME[entry.topic].partitions)
    late = now - entry.at
    headers = {LATE_HEADER: b"%d" % late.total_seconds()} if late > LATE_AFTER else {}
    return Outgoing(entry.topic, partition, entry.record_key.encode(), entry.value, headers)


def is_too_large(entry: Entry) -> bool:
    """Whether the broker need not be asked."""
    return len(entry.value) + len(entry.record_key.encode()) > LARGEST_RECORD_BYTES


def buried(origin: str, spooled: Spooled, reason: str, now: datetime) -> Outgoing:
    """The dead letter of this entry; `origin` is the spool's source and epoch."""
    entry = spooled.entry
    number = f"spool/{spooled.number}" if entry.seq is None else str(entry.seq)
    key = entry.record_key.encode()
    letter = DeadLetter(
        id=f"{origin}/{entry.topic}/{entry.partition_key}/{number}",
        service=SERVICE,
        topic=entry.topic,
        key=base64.b64encode(key[:MAX_BYTES]),
        value=base64.b64encode(entry.value[:MAX_BYTES]),
        size=len(entry.value),
        reason=reason[:1000],
        buried_at=now,
    )
    partition = partition_of(entry.partition_key.encode(), DEADLETTER.partitions)
    return Outgoing(DEADLETTER.name, partition, key[:MAX_BYTES], encode(letter))
