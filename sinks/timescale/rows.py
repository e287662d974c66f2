"""Events and dead letters as what is written to each table. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from plantstream.runtime.errors import RejectedError
from schemas.kpi import OeeCell
from schemas.lab import Excursion
from schemas.quality import TestJudged
from schemas.record import Envelope
from schemas.telemetry import TelemetryFrame
from schemas.topics import KPI, SITE
from sinks.batch import Event, Letter
from sinks.errors import Place, RejectedRecordsError
from sinks.timescale.binary import copy_rows
from sinks.timescale.table import Row, Table, fitting, storable
from sinks.timescale.tables import tables_of

Sampled = tuple[datetime, datetime]
SLOT_S = 900
"""What refresh_queue notes: a bucket of 15 minutes, on which days of every time zone stand."""


@dataclass(slots=True)
class Rows:
    """The rows of a batch. Samples are blocks of binary COPY, those of runs apart."""

    live: list[bytes] = field(default_factory=list)
    of_runs: list[bytes] = field(default_factory=list)
    by_table: dict[Table, list[Row]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Run and equipment of each row."""
    sampled: dict[tuple[str, str], Sampled] = field(default_factory=dict)
    """Between which times samples of a run and equipment lie."""
    sample_slots: set[int] = field(default_factory=set)
    """Quarters of an hour, numbered since 1970, of live samples."""
    cell_slots: set[int] = field(default_factory=set)
    """The same of cells of OEE."""
    counts: Counter[str] = field(default_factory=Counter)
    """Rows per table."""


def rows_of(events: Sequence[Event], letters: Sequence[Letter] = ()) -> Rows:
    """The rows of these events; what is forwarded to a second topic is stored from the first.

    Raises:
        RejectedRecordsError: some events have values that no column holds.
    """
    rows = Rows()
    refused: dict[Place, str] = {}
    for event in events:
        if _is_forwarded(event):
            continue
        try:
            _add(rows, event.value)
        except RejectedError as error:
            refused[event.place] = str(error)
    if refused:
        raise RejectedRecordsError(refused)
    for letter in letters:
        _add(rows, letter.value)
    return rows


def _is_forwarded(event: Event) -> bool:
    """Whether it is stored from elsewhere, as itself or as what quality made of it."""
    if isinstance(event.value, Excursion):
        return True
    return event.record.topic == SITE.name and isinstance(event.value, (*KPI.types, TestJudged))


def _add(rows: Rows, value: Any) -> None:
    if isinstance(value, Envelope):
        fitting("seq", value.id.seq)
    if isinstance(value, TelemetryFrame):
        block = copy_rows(value)
        (rows.of_runs if value.run else rows.live).append(block)
        rows.counts["run_sample" if value.run else "sample"] += value.sample_count()
        _note_times(rows, value)
    else:
        for table in tables_of(value):
            if found := table.rows_of(value):
                rows.by_table.setdefault(table, []).extend(found)
                rows.counts[table.name] += len(found)
    if isinstance(value, OeeCell):
        rows.cell_slots.add(_slot(value.minute))
    if hasattr(value, "run") and hasattr(value, "equipment"):
        rows.seen.add((storable(value.run), storable(value.equipment)))


def _note_times(rows: Rows, frame: TelemetryFrame) -> None:
    offsets = [column.offset_ms for column in frame.columns if column.offset_ms]
    if not offsets:
        return
    first, last = (
        frame.source_time + timedelta(milliseconds=bound)
        for bound in (min(map(min, offsets)), max(map(max, offsets)))
    )
    who = (storable(frame.run), storable(frame.equipment))
    known = rows.sampled.get(who, (first, last))
    rows.sampled[who] = (min(first, known[0]), max(last, known[1]))
    if not frame.run:
        rows.sample_slots.update(_slots(frame, _slot(first), _slot(last)))


def _slots(frame: TelemetryFrame, first: int, last: int) -> set[int]:
    """A frame may hold a device's history beside what is new, and nothing between."""
    if last - first <= 1:
        return {first, last}
    return {
        _slot(frame.source_time + timedelta(milliseconds=offset))
        for column in frame.columns
        for offset in column.offset_ms
    }


def _slot(moment: datetime) -> int:
    return math.floor(moment.timestamp() / SLOT_S)
