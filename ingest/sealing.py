"""Drafts to records with their ids, and records to entries of the spool."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ingest.drafts import Draft
from ingest.frames import FrameDraft
from ingest.input import Stated, Unreadable
from ingest.ports import Entry, Loss
from ingest.values import legible
from schemas.audit import AuditEntry
from schemas.codec import encode
from schemas.deadletter import MAX_BYTES, DeadLetter
from schemas.machine import Gap, MachineRecord
from schemas.model import PlantPublished
from schemas.plant.load import PlantFile
from schemas.record import Envelope, EventId
from schemas.telemetry import TelemetryFrame
from schemas.topics import AUDIT_ENTRY, CATALOGUE, DEADLETTER, MACHINE, MODEL, TELEMETRY

SERVICE = "ingest"
"""What dead letters of the edge are signed with."""

Record = Envelope | DeadLetter | AuditEntry

_TOPICS = {kind: topic.name for topic in CATALOGUE for kind in topic.types}


class Stamps(Protocol):
    """Gives ids: a spool, or a counter in memory for a dry run."""

    @property
    def source(self) -> str:
        """The first part of every id."""

    def stamp(self, topic: str, partition_key: str) -> EventId:
        """The next id of this topic and partition key."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What all records of one chunk share."""

    run: str
    plant_version: str
    traceparent: str
    ingest_time: datetime

    def envelope(self) -> dict[str, str | datetime]:
        """The fields of the envelope that it gives."""
        return {
            "run": self.run,
            "plant_version": self.plant_version,
            "traceparent": self.traceparent,
            "ingest_time": self.ingest_time,
        }


class CountedStamps:
    """Ids counted from 0 in memory, for a dry run."""

    def __init__(self, source: str, epoch: str) -> None:
        self._source = source
        self._epoch = epoch
        self._next: dict[tuple[str, str], int] = {}

    @property
    def source(self) -> str:
        """The first part of every id."""
        return self._source

    def stamp(self, topic: str, partition_key: str) -> EventId:
        """The next id of this topic and partition key."""
        seq = self._next.get((topic, partition_key), 0)
        self._next[topic, partition_key] = seq + 1
        return EventId(source=self._source, epoch=self._epoch, seq=seq)


def seal_event(stamps: Stamps, draft: Draft, moment: Moment) -> MachineRecord:
    """The event with its id."""
    fields: Mapping[str, object] = {
        "id": stamps.stamp(MACHINE.name, draft.equipment),
        "equipment": draft.equipment,
        "source_time": draft.source_time,
        **moment.envelope(),
        **draft.fields,
    }
    return draft.kind.model_validate(fields)


def seal_frame(stamps: Stamps, draft: FrameDraft, moment: Moment) -> TelemetryFrame:
    """The frame with its id."""
    return TelemetryFrame.model_validate(
        {
            "id": stamps.stamp(TELEMETRY.name, draft.equipment),
            "equipment": draft.equipment,
            "source_time": draft.source_time,
            "columns": draft.columns,
            **moment.envelope(),
        }
    )


def seal_stated(stamps: Stamps, seen: Stated, moment: Moment) -> Envelope | AuditEntry:
    """What was stated, with its id."""
    stamp = stamps.stamp(seen.topic, seen.partition_key)
    if issubclass(seen.kind, AuditEntry):
        said = {"id": str(stamp), "at": seen.source_time, **seen.fields}
        return seen.kind.model_validate(said)
    fields = {
        "id": stamp,
        "source_time": seen.source_time,
        **moment.envelope(),
        **seen.fields,
    }
    return seen.kind.model_validate(fields)


def seal_unreadable(stamps: Stamps, seen: Unreadable, moment: Moment) -> DeadLetter:
    """What could not be read, with where it stood."""
    return DeadLetter(
        id=str(stamps.stamp(DEADLETTER.name, stamps.source)),
        service=SERVICE,
        file=legible(seen.origin),
        line=seen.line,
        value=base64.b64encode(seen.raw[:MAX_BYTES]),
        size=len(seen.raw),
        reason=legible(seen.reason),
        buried_at=moment.ingest_time,
    )


def gaps(losses: Sequence[Loss]) -> list[Draft]:
    """What receivers must know of dropped records: in this time machine events are missing."""
    return [
        Draft(
            Gap,
            loss.partition_key,
            loss.last,
            {"start": loss.first, "reason": f"spool full: {loss.records} records dropped"},
        )
        for loss in losses
        if loss.topic == MACHINE.name
    ]


def entries(source: str, records: Iterable[Record]) -> list[Entry]:
    """The records as the spool keeps them."""
    return [_entry(source, record) for record in records]


def plant_entry(plant: PlantFile, now: datetime) -> Entry:
    """The plant file on its way to the services."""
    site = plant.plant.site_path()
    published = PlantPublished(
        site=site,
        plant_version=plant.version,
        file=plant.file,
        text=plant.text,
        published_at=now,
    )
    return Entry(MODEL.name, site, f"{site}/{plant.version}", encode(published), now)


def _entry(source: str, record: Record) -> Entry:
    if isinstance(record, DeadLetter):
        seq = int(record.id.rpartition("/")[2])
        value = encode(record)
        return Entry(DEADLETTER.name, source, source, value, record.buried_at, seq)
    if isinstance(record, AuditEntry):
        return Entry(AUDIT_ENTRY.name, record.site, record.id, encode(record), record.at)
    topic, key = _TOPICS[type(record)], record.partition_key()
    # Should a gap be dropped in its turn, the next one begins where it began.
    at = record.start if isinstance(record, Gap) else record.source_time
    return Entry(topic, key, record.record_key(), encode(record), at, record.id.seq)
