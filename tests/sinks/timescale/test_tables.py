"""Records as rows: every field has its column, and what PostgreSQL cannot hold is handled."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from plantstream.runtime.errors import RejectedError
from schemas.audit import AuditEntry
from schemas.kpi import OeeCell, Quantities, StopCounts, TimeElements
from schemas.lab import BatchMade, Excursion
from schemas.machine import MachineRecord
from schemas.topics import KPI, LAB, MACHINE, TELEMETRY
from sinks.errors import RejectedRecordsError
from sinks.timescale.fact_tables import CELLS, FACTS
from sinks.timescale.rows import rows_of
from sinks.timescale.table import storable, storable_json
from sinks.timescale.tables import AUDIT, EVENTS, tables_of
from tests.schemas.samples import SAMPLES
from tests.sinks.doubles import NOW
from tests.sinks.records import FRAMES, batch, cell, counted, envelope, frame, unchecked


def test_every_field_of_a_cell_has_a_column():
    parts = (OeeCell, TimeElements, Quantities, StopCounts)
    fields = {name for part in parts for name in part.model_fields}

    assert set(CELLS.columns) == fields - {"type", "version", "time", "quantities", "stops"}


def test_every_kind_of_fact_has_a_table_of_its_own():
    tables = {kind: FACTS[kind].name for kind in KPI.types}

    assert len(set(tables.values())) == len(tables)


def test_the_key_of_a_cell_is_its_record_id():
    changes = [{}, {"run": "r"}, {"minute": 1}, {"batch": "7"}, {"product": "p"}, {"shift": "s"}]
    late = {"late": envelope(4)["id"]}
    cells = [cell(**change) for change in (*changes, late)]  # type: ignore[arg-type]
    rows = [CELLS.row_of(one) for one in cells]

    assert len({one.record_id() for one in cells}) == len(CELLS.newest(rows)) == len(cells)


def test_of_one_cell_the_last_in_a_batch_wins():
    rows = [CELLS.row_of(cell(good=good)) for good in (1, 5, 3)]

    assert CELLS.newest(rows) == rows[2:]


def test_all_machine_events_go_to_one_table():
    for kind in MACHINE.types:
        assert issubclass(kind, MachineRecord)
    row = dict(zip(EVENTS.columns, EVENTS.row_of(counted(3, good=7)), strict=True))

    assert tables_of(counted()) == (EVENTS,)
    assert (row["type"], row["good"], row["scrap"], row["seq"]) == ("parts_counted", 7, 0, 3)
    assert row["category"] is None
    assert json.loads(row["event"])["good"] == 7


def test_a_sample_that_no_column_holds_is_refused_by_place():
    late = frame(at=NOW.replace(year=9999, month=12, day=31), numbers=[1.0] * 86_400)
    with pytest.raises(RejectedRecordsError) as caught:
        rows_of(batch(TELEMETRY, [late]).events)

    assert set(caught.value.reasons) == {(FRAMES, 0)}


def test_refusal_names_the_column():
    with pytest.raises(RejectedError, match="good: a number beyond 64 bits"):
        CELLS.row_of(unchecked(cell(), good=2**64))


def test_what_was_before_and_after_stays_json():
    entry = AuditEntry(
        id="1",
        site="s",
        at=NOW,
        actor="Ana",
        action="a",
        subject="s",
        after={"a": "\0", "n": 2**70},
    )

    row = dict(zip(AUDIT.columns, AUDIT.row_of(entry), strict=True))

    assert row["before"] is None
    assert json.loads(row["after"]) == {"a": "\u2400", "n": 2**70}


@given(st.text(alphabet='\0\\u0"a', max_size=12))
def test_no_nul_is_left_and_nothing_else_is_changed(text: str):
    expected = text.replace("\0", "\u2400")

    assert storable(text) == expected
    assert json.loads(storable_json(json.dumps({"a": text}))) == {"a": expected}


def test_runs_and_equipment_are_seen():
    events = (
        *batch(TELEMETRY, [frame(0), frame(1, run="r", at=NOW + timedelta(1))]).events,
        *batch(KPI, [cell(run="r")]).events,
    )

    rows = rows_of(events)

    assert {run for run, _ in rows.seen} == {"", "r"}
    assert rows.counts == {"sample": 1, "run_sample": 1, "oee_cell": 1}


def test_batches_forwarded_to_the_laboratory_are_stored():
    (made,) = [one for one in SAMPLES if isinstance(one, BatchMade)]

    assert rows_of(batch(LAB, [made]).events).counts == {"batch_made": 1}


def test_excursions_are_stored_as_what_quality_makes_of_them():
    (found,) = [one for one in SAMPLES if isinstance(one, Excursion)]

    assert rows_of(batch(LAB, [found]).events).counts == {}
