"""Tables of events and statements, and where each record is stored. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from schemas.audit import AuditEntry, AuditRecord
from schemas.canonical import canonical
from schemas.deadletter import DeadLetter
from schemas.lab import Disposition, TestResult
from schemas.machine import MachineRecord
from schemas.model import PlantPublished
from schemas.record import Envelope
from sinks.timescale.alert_tables import ALERTS
from sinks.timescale.fact_tables import FACTS
from sinks.timescale.plant_files import CRITICAL_TAGS, PLANT_FILES
from sinks.timescale.quality_tables import QUALITIES, SIGNATURES
from sinks.timescale.record_tables import RECORDS
from sinks.timescale.table import Row, Table, columns, storable_json


def _event(event: MachineRecord) -> Row:
    said = {name: getattr(event, name, None) for name in ("category", "reason", "batch", "product")}
    counts = (getattr(event, name, None) for name in ("good", "scrap", "rework"))
    return (
        *(event.run, event.equipment, event.type, event.id.source, event.id.epoch),  # type: ignore[attr-defined]
        event.plant_version,
        *(None if word is None else str(word) for word in said.values()),
        *(event.source_time, event.ingest_time),
        *(event.id.seq, *counts),
        storable_json(event.model_dump_json(exclude_none=True)),
    )


def _result(result: TestResult) -> Row:
    return (
        *(result.run, result.site, result.product, result.statement, result.test, result.batch),
        *(result.sample, result.text, result.comparator, result.unit, result.method),
        *(result.instrument, result.analyst, result.corrects, result.reason, result.by),
        *_origin(result),
        *(result.source_time, result.sample_time, result.ingest_time),
        *(result.revision, result.id.seq, result.number, result.retest, result.invalid),
    )


def _disposition(decided: Disposition) -> Row:
    return (
        *(decided.run, decided.site, decided.product, decided.statement, decided.batch),
        *(decided.decision, decided.reason, decided.by),
        *_origin(decided),
        *(decided.source_time, decided.ingest_time, decided.id.seq),
    )


def _origin(record: Envelope) -> tuple[str, str, str]:
    return record.id.source, record.id.epoch, record.plant_version


def _letter(letter: DeadLetter) -> Row:
    return (
        *(letter.id, letter.service, letter.topic, letter.file, letter.reason),
        *(letter.partition, letter.offset, letter.line, letter.size),
        *(letter.buried_at, letter.key, letter.value),
    )


def _audit(entry: AuditEntry) -> Row:
    said = entry.model_dump(mode="json", include={"before", "after"})
    before, after = (
        None if said[name] is None else storable_json(json.dumps(said[name]))
        for name in ("before", "after")
    )
    return (
        *(entry.id, entry.site, entry.actor, entry.action, entry.subject, entry.reason),
        *(entry.at, before, after),
    )


def _audited(record: AuditRecord) -> Row:
    entry = AuditEntry.model_validate(record.entry)
    return (
        *(record.site, record.previous, record.hash, canonical(record.entry).decode()),
        *(entry.id, entry.actor, entry.action, entry.subject, entry.reason),
        *(entry.at, record.number),
    )


EVENTS = Table(
    "machine_event",
    columns(
        text="run equipment type source epoch plant_version category reason batch product",
        timestamptz="time ingest_time",
        bigint="seq good scrap rework",
        jsonb="event",
    ),
    _event,
)
RESULTS = Table(
    "test_result",
    columns(
        text=(
            "run site product statement test batch sample text comparator unit method"
            " instrument analyst corrects reason stated_by source epoch plant_version"
        ),
        timestamptz="time sample_time ingest_time",
        bigint="revision seq",
        float8="number",
        boolean="retest invalid",
    ),
    _result,
)
DISPOSITIONS = Table(
    "disposition",
    columns(
        text=(
            "run site product statement batch decision reason stated_by source epoch plant_version"
        ),
        timestamptz="time ingest_time",
        bigint="seq",
    ),
    _disposition,
)
LETTERS = Table(
    "dead_letter",
    columns(
        text="id service topic file reason",
        bigint="partition record_offset line size",
        timestamptz="buried_at",
        bytea="key value",
    ),
    _letter,
    key=("id", "service"),
)
AUDIT = Table(
    "audit_entry",
    columns(
        text="id site actor action subject reason",
        timestamptz="at",
        jsonb="before after",
    ),
    _audit,
    key=("id",),
)
AUDIT_RECORDS = Table(
    "audit_record",
    columns(
        text="site previous hash entry id actor action subject reason",
        timestamptz="at",
        bigint="number",
    ),
    _audited,
    key=("site", "number", "hash"),
)


_SEVERAL: Mapping[type, tuple[Table, ...]] = {
    **ALERTS,
    **QUALITIES,
    **RECORDS,
    PlantPublished: (PLANT_FILES, CRITICAL_TAGS),
    TestResult: (RESULTS, SIGNATURES),
    Disposition: (DISPOSITIONS, SIGNATURES),
}
_TABLES: Mapping[type, Table] = {
    **FACTS,
    DeadLetter: LETTERS,
    AuditEntry: AUDIT,
    AuditRecord: AUDIT_RECORDS,
}


def tables_of(record: Any) -> tuple[Table, ...]:
    """Where a record that is no frame of telemetry is stored; machine events have one for all."""
    kind = type(record)
    return _SEVERAL.get(kind) or (_TABLES.get(kind, EVENTS),)
