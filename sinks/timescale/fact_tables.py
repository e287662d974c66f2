"""Tables of what the processors compute: facts, reports, stops, calls, findings, cycles. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from schemas.cycles import BatchCycle, CycleCell
from schemas.kpi import OeeCell, OeeReport, Quantities, StopCounts, TimeElements
from schemas.stops import AndonCall, Finding, Stop
from sinks.timescale.table import Row, Table, columns, storable_json

_TIMES = tuple(TimeElements.model_fields)
_QUANTITIES = tuple(Quantities.model_fields)
_STOPS = tuple(StopCounts.model_fields)


def _cell(cell: OeeCell) -> Row:
    return (
        *(cell.run, cell.equipment, cell.batch or "", cell.product or "", cell.shift or ""),
        *(str(cell.late or ""), cell.plant_version),
        *(cell.minute, cell.start, cell.end, cell.day),
        *(getattr(cell.time, name) for name in _TIMES),
        *(getattr(cell.quantities, name) for name in _QUANTITIES),
        *(getattr(cell.stops, name) for name in _STOPS),
        _json(cell, "reasons"),
    )


def _report(report: OeeReport) -> Row:
    return (
        *(report.run, report.equipment, report.kind, report.window, report.plant_version),
        None if report.cause is None else str(report.cause),
        *(report.start, report.end, report.revision, report.final),
        *(report.availability, report.effectiveness, report.quality_ratio, report.oee),
        storable_json(report.model_dump_json(exclude_none=True)),
    )


def _stop(stop: Stop) -> Row:
    return (
        *(stop.run, stop.equipment, str(stop.category), stop.state, stop.reason, stop.reason_by),
        *(stop.batch, stop.product, stop.shift, stop.plant_version),
        *(stop.start, stop.end, stop.day),
    )


def _call(call: AndonCall) -> Row:
    return (
        *(call.run, call.equipment, call.andon, call.kind, call.priority, call.raised_by),
        *(call.cleared_by, call.comment, call.plant_version, call.raised_at, call.cleared_at),
    )


def _finding(found: Finding) -> Row:
    return (
        *(found.run, found.equipment, found.kind, found.text, str(found.event or "")),
        *(found.plant_version, found.start, found.end),
    )


def _cycles(cell: CycleCell) -> Row:
    return (
        *(cell.run, cell.equipment, cell.product or "", cell.batch or "", cell.shift or ""),
        *(str(cell.late or ""), cell.plant_version, cell.hour, cell.day),
        *(cell.cycles, cell.total_ms, cell.squares_ms2, cell.shortest_ms, cell.longest_ms),
        *(cell.slow, cell.ideal_ms, cell.no_ideal, _json(cell, "sketch")),
    )


def _batch_cycle(cycle: BatchCycle) -> Row:
    return (
        *(cycle.run, cycle.equipment, cycle.batch, cycle.product, cycle.plant_version),
        *(cycle.start, cycle.end, cycle.phases_left_out, _json(cycle, "phases")),
    )


def _json(record: BaseModel, field: str) -> str:
    said: dict[str, Any] = record.model_dump(mode="json", include={field})
    return storable_json(json.dumps(said[field]))


CELLS = Table(
    "oee_cell",
    columns(
        text="run equipment batch product shift late plant_version",
        timestamptz="minute start end",
        date="day",
        bigint=" ".join((*_TIMES, *_QUANTITIES, *_STOPS)),
        jsonb="reasons",
    ),
    _cell,
    key=("run", "equipment", "minute", "batch", "product", "shift", "late"),
    replaces=True,
)
REPORTS = Table(
    "oee_report",
    columns(
        text="run equipment kind window plant_version cause",
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
STOPS = Table(
    "stop",
    columns(
        text=("run equipment category state reason reason_by batch product shift plant_version"),
        timestamptz="start end",
        date="day",
    ),
    _stop,
    key=("run", "equipment", "start"),
    replaces=True,
)
CALLS = Table(
    "andon_call",
    columns(
        text=("run equipment andon kind priority raised_by cleared_by comment plant_version"),
        timestamptz="raised_at cleared_at",
    ),
    _call,
    key=("run", "equipment", "andon", "raised_at"),
    replaces=True,
)
FINDINGS = Table(
    "finding",
    columns(text="run equipment kind text event plant_version", timestamptz="start end"),
    _finding,
    key=("run", "equipment", "kind", "start", "event"),
    replaces=True,
)
CYCLES = Table(
    "cycle_cell",
    columns(
        text="run equipment product batch shift late plant_version",
        timestamptz="hour",
        date="day",
        bigint=("cycles total_ms squares_ms2 shortest_ms longest_ms slow ideal_ms no_ideal"),
        jsonb="sketch",
    ),
    _cycles,
    key=("run", "equipment", "hour", "product", "batch", "shift", "late"),
    replaces=True,
)
BATCH_CYCLES = Table(
    "batch_cycle",
    columns(
        text="run equipment batch product plant_version",
        timestamptz="start end",
        bigint="phases_left_out",
        jsonb="phases",
    ),
    _batch_cycle,
    key=("run", "equipment", "batch", "start"),
    replaces=True,
)

FACTS: Mapping[type, Table] = {
    OeeCell: CELLS,
    OeeReport: REPORTS,
    Stop: STOPS,
    AndonCall: CALLS,
    Finding: FINDINGS,
    CycleCell: CYCLES,
    BatchCycle: BATCH_CYCLES,
}
"""Where each type of plant.kpi.v1 is stored."""
