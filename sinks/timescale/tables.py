"""Tables, and records as their rows. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plantstream.runtime.errors import RejectedError
from schemas.acts import Acknowledgement, OperatorRecord, Silence
from schemas.audit import AuditEntry
from schemas.deadletter import DeadLetter
from schemas.kpi import OeeCell, OeeReport, Quantities, TimeElements
from schemas.lab import Disposition, TestResult
from schemas.machine import MachineRecord
from schemas.record import Envelope

Row = tuple[Any, ...]

_BIGINT = range(-(2**63), 2**63)
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table that is written by rows: its columns with their types, and its key."""

    name: str
    columns: Mapping[str, str]
    row: Callable[[Any], Row]
    key: tuple[str, ...] = ()
    replaces: bool = False
    """A row with the same key replaces the one before; otherwise the first one stays."""

    def row_of(self, record: Any) -> Row:
        """The record as a row that the database can hold.

        Raises:
            RejectedError: a number beyond 64 bits.
        """
        return tuple(map(fitting, self.columns, self.row(record)))

    def newest(self, rows: Sequence[Row]) -> list[Row]:
        """The rows to write: of several with one key only the last, if it replaces the others."""
        if not self.replaces:
            return list(rows)
        at = [list(self.columns).index(name) for name in self.key]
        return list({tuple(row[index] for index in at): row for row in rows}.values())


def storable(text: str) -> str:
    """The text as PostgreSQL can hold it: NUL, which it forbids, becomes its sign U+2400."""
    return text.replace("\0", "\u2400") if "\0" in text else text


def storable_json(text: str) -> str:
    """JSON as `jsonb` can hold it."""
    return _NUL_IN_JSON.sub(r"\1\\u2400", text) if "\\u0000" in text else text


def fitting(name: str, value: Any) -> Any:
    """The value as the column of this name can hold it.

    Raises:
        RejectedError: a number beyond 64 bits.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and value not in _BIGINT:
        raise RejectedError(f"{name}: a number beyond 64 bits")
    return value


def _columns(**groups: str) -> dict[str, str]:
    """Columns by type: `text="run equipment"`, in the order of the row."""
    return {name: kind for kind, names in groups.items() for name in names.split()}


_TIMES = tuple(TimeElements.model_fields)
_QUANTITIES = tuple(Quantities.model_fields)


def _cell(cell: OeeCell) -> Row:
    return (
        *(cell.run, cell.equipment, cell.batch or "", cell.product or "", cell.shift or ""),
        *(str(cell.late or ""), cell.plant_version),
        *(cell.minute, cell.start, cell.end, cell.day),
        *(getattr(cell.time, name) for name in _TIMES),
        *(getattr(cell.quantities, name) for name in _QUANTITIES),
    )


def _report(report: OeeReport) -> Row:
    return (
        *(report.run, report.equipment, report.kind, report.window, report.plant_version),
        *(report.start, report.end, report.revision, report.final),
        *(report.availability, report.effectiveness, report.quality_ratio, report.oee),
        storable_json(report.model_dump_json(exclude_none=True)),
    )


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
        *(result.revision, result.id.seq, result.number, result.retest),
    )


def _disposition(decided: Disposition) -> Row:
    return (
        *(decided.run, decided.site, decided.product, decided.statement, decided.batch),
        *(decided.decision, decided.reason, decided.by),
        *_origin(decided),
        *(decided.source_time, decided.ingest_time, decided.id.seq),
    )


def _act(act: OperatorRecord) -> Row:
    return (
        *(act.run, act.site, act.statement, act.type, act.by),  # type: ignore[attr-defined]
        *_origin(act),
        *(act.source_time, act.ingest_time, act.id.seq),
        storable_json(act.model_dump_json(exclude_none=True)),
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


CELLS = Table(
    "oee_cell",
    _columns(
        text="run equipment batch product shift late plant_version",
        timestamptz="minute start end",
        date="day",
        bigint=" ".join((*_TIMES, *_QUANTITIES)),
    ),
    _cell,
    key=("run", "equipment", "minute", "batch", "product", "shift", "late"),
    replaces=True,
)
REPORTS = Table(
    "oee_report",
    _columns(
        text="run equipment kind window plant_version",
        timestamptz="start end",
        bigint="revision",
        boolean="final",
        float8="availability effectiveness quality_ratio oee",
        jsonb="report",
    ),
    _report,
    key=("run", "equipment", "kind", "window", "start", "revision"),
    replaces=True,
)
EVENTS = Table(
    "machine_event",
    _columns(
        text="run equipment type source epoch plant_version category reason batch product",
        timestamptz="time ingest_time",
        bigint="seq good scrap rework",
        jsonb="event",
    ),
    _event,
)
RESULTS = Table(
    "test_result",
    _columns(
        text=(
            "run site product statement test batch sample text comparator unit method"
            " instrument analyst corrects reason stated_by source epoch plant_version"
        ),
        timestamptz="time sample_time ingest_time",
        bigint="revision seq",
        float8="number",
        boolean="retest",
    ),
    _result,
)
DISPOSITIONS = Table(
    "disposition",
    _columns(
        text=(
            "run site product statement batch decision reason stated_by source epoch plant_version"
        ),
        timestamptz="time ingest_time",
        bigint="seq",
    ),
    _disposition,
)
ACTS = Table(
    "operator_act",
    _columns(
        text="run site statement type stated_by source epoch plant_version",
        timestamptz="time ingest_time",
        bigint="seq",
        jsonb="act",
    ),
    _act,
)
LETTERS = Table(
    "dead_letter",
    _columns(
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
    _columns(
        text="id site actor action subject reason",
        timestamptz="at",
        jsonb="before after",
    ),
    _audit,
    key=("id",),
)


_TABLES: Mapping[type, Table] = {
    OeeCell: CELLS,
    OeeReport: REPORTS,
    TestResult: RESULTS,
    Disposition: DISPOSITIONS,
    Acknowledgement: ACTS,
    Silence: ACTS,
    DeadLetter: LETTERS,
    AuditEntry: AUDIT,
}


def table_of(record: Any) -> Table:
    """Where a record that is no frame of telemetry is stored; machine events have one for all."""
    return _TABLES.get(type(record), EVENTS)
