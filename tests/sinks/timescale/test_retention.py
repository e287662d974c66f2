"""Everything is aged by ten years: a held batch's record is whole, an unheld one is gone."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
from psycopg import errors

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from processors.audit.engine import AuditEngine, Chain
from schemas.codec import decode
from schemas.topics import AUDIT_ENTRY, LAB
from sinks.timescale import connection as connections
from sinks.timescale.connection import connect_blocking
from sinks.timescale.expiry import Why
from sinks.timescale.record import HOLDING, RECORD
from sinks.timescale.retention import RecordRetention
from sinks.timescale.writer import TimescaleSink
from tests.parts import eventually
from tests.sinks.doubles import NOW, MemoryBroker
from tests.sinks.quality_story import STATEMENTS
from tests.sinks.records import batch
from tests.sinks.timescale.conftest import TABLES, Database, ask, emptied
from tests.sinks.two_batches import (
    IN_TEN_YEARS,
    STORY,
    Acts,
    held,
    is_of_b1,
    released,
    tell,
    tell_twin,
    twin,
)

pytestmark = pytest.mark.integration

ABOUT_THE_SINK = {"sink_position", "sink_mark", "run_equipment"}
SOON_S = 10
Snapshot = dict[str, list[tuple[Any, ...]]]


def stored(sql: psycopg.Connection) -> Snapshot:
    """All rows of all tables, as text; what the sink is to copy next is no record."""
    return {
        table: ask(sql, f"SELECT one::text FROM {table} AS one ORDER BY 1")
        for table in set(TABLES) - ABOUT_THE_SINK - set(HOLDING) - {"batch_sample_due"}
    }


def state(sql: psycopg.Connection) -> list[tuple[Any, ...]]:
    return ask(sql, "SELECT batch, number, state FROM batch_deletions ORDER BY 1, 2")


@pytest.fixture
async def acts(sink: TimescaleSink) -> Acts:
    await tell(sink)
    return Acts(sink)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def retention(settings: DatabaseSettings, broker: MemoryBroker, acts: Acts) -> RecordRetention:
    return RecordRetention(settings, broker, acts.ends)


def entries(broker: MemoryBroker) -> list[Any]:
    return [decode(AUDIT_ENTRY, one.value) for one in broker.sent]


async def test_aggregates_are_told_to_forget_what_is_deleted(
    database: Database, sink: TimescaleSink, sql: psycopg.Connection, retention: RecordRetention
):
    await tell_twin(sink)
    noted = "SELECT count(*) FROM refresh_queue WHERE source = 'oee_cell'"
    before = ask(sql, noted)

    await retention.run(IN_TEN_YEARS)

    assert database.plain or ask(sql, noted) > before


async def test_a_held_record_is_whole_and_of_an_unheld_one_nothing_is_left(
    sink: TimescaleSink,
    sql: psycopg.Connection,
    acts: Acts,
    broker: MemoryBroker,
    retention: RecordRetention,
):
    without_the_twin = stored(sql)
    await tell_twin(sink)
    with_the_twin = stored(sql)
    await acts.say(held(101))

    looked = await retention.look(IN_TEN_YEARS)
    assert stored(sql) == with_the_twin
    ran = await retention.run(IN_TEN_YEARS)

    assert {one.batch: one.why for one in ran.verdicts} == {
        "B-1": Why.HELD,
        "B-2": Why.NOT_ENDED,
        "B-3": Why.NOT_DISPOSED,
        "B-7": Why.DUE,
    }
    assert looked.verdicts == ran.verdicts
    assert stored(sql) == without_the_twin
    assert stored(sql) != with_the_twin
    assert sum(ran.deleted["acme/north", "B-7"].values()) == sum(
        len(with_the_twin[table]) - len(without_the_twin[table]) for table in with_the_twin
    )
    (entry,) = entries(broker)
    assert (entry.actor, entry.action, entry.subject) == (
        "service:retention",
        "record.delete",
        "B-7",
    )
    assert state(sql) == [("B-7", 1, "deleted")]

    again = await retention.run(IN_TEN_YEARS)
    assert (again.deleted, len(broker.sent)) == ({}, 1)


@pytest.mark.parametrize(
    ("other", "left"),
    [
        pytest.param("start", 2, id="another batch began then"),
        pytest.param("start + interval '1 minute'", 0, id="another batch began later"),
    ],
)
async def test_what_held_as_a_batch_began_goes_with_the_last_batch_that_began_then(
    sql: psycopg.Connection, retention: RecordRetention, other: str, left: int
):
    made = "FROM batch_made WHERE batch = 'B-1' AND NOT withdrawn"
    sql.execute(
        "INSERT INTO batch_sample_before (run, equipment, tag, start, unit, time, value, quality)"
        f" SELECT run, equipment, 'heat', start, 'C', start - interval '1 minute', 70, 0 {made}"
    )
    sql.execute(
        "INSERT INTO batch_made (run, site, product, equipment, batch, start, withdrawn,"
        f" plant_version) SELECT run, site, product, equipment, 'B-9', {other}, false, 'v1' {made}"
    )
    before = ask(sql, "SELECT count(*) FROM batch_sample_before")

    deleted = (await retention.run(IN_TEN_YEARS)).deleted["acme/north", "B-1"]

    assert before == [(2,)]
    assert ask(sql, "SELECT count(*) FROM batch_sample_before") == [(left,)]
    assert deleted.get("batch_sample_before", 0) == 2 - left


async def test_each_hold_is_released_by_itself_and_with_the_last_one_it_is_gone(
    sql: psycopg.Connection, acts: Acts, retention: RecordRetention
):
    for act in (held(101), held(102), released(103, "h101")):
        await acts.say(act)
    assert not (await retention.run(IN_TEN_YEARS)).deleted
    await acts.say(released(104, "h102"))

    before = stored(sql)
    deleted = (await retention.run(IN_TEN_YEARS)).deleted["acme/north", "B-1"]

    assert not [
        (table, row) for table, rows in stored(sql).items() for row in rows if '"B-1"' in str(row)
    ]
    hot_on_monday = {"alert_transition", "alert_handled", "notification_alert"}
    assert hot_on_monday < deleted.keys()
    assert ask(sql, "SELECT DISTINCT alertname FROM alert_transition WHERE equipment = 'press'")
    assert sum(deleted.values()) == sum(
        len(before[table]) - len(rows) for table, rows in stored(sql).items()
    )


async def test_killed_between_entry_and_deletion_it_is_told_once_and_gone(
    monkeypatch: pytest.MonkeyPatch,
    sql: psycopg.Connection,
    settings: DatabaseSettings,
    acts: Acts,
    broker: MemoryBroker,
    retention: RecordRetention,
):
    monkeypatch.setenv("PLANTSTREAM_FAULT", "retention.told@1")
    await killed(RecordRetention(settings, broker, acts.ends))
    assert state(sql) == [("B-1", 1, "decided")]
    assert ask(sql, "SELECT count(*) FROM batch_made WHERE batch = 'B-1'") != [(0,)]

    await retention.run(IN_TEN_YEARS.replace(year=2037))

    first, second = broker.sent
    assert first == second
    chained = AuditEngine().advance(Chain("acme/north"), entries(broker), None)
    assert len(chained.outputs) == 1
    assert state(sql) == [("B-1", 1, "deleted")]
    assert ask(sql, "SELECT count(*) FROM batch_made WHERE batch = 'B-1'") == [(0,)]


async def test_a_hold_after_the_decision_keeps_the_record_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
    sql: psycopg.Connection,
    settings: DatabaseSettings,
    acts: Acts,
    broker: MemoryBroker,
    retention: RecordRetention,
):
    before = stored(sql)
    monkeypatch.setenv("PLANTSTREAM_FAULT", "retention.told@1")
    await killed(RecordRetention(settings, broker, acts.ends))
    await acts.say(held(101))

    assert not (await retention.run(IN_TEN_YEARS)).deleted

    assert stored(sql) | {"audit_entry": []} == before | {"audit_entry": []}
    assert [(one.action, one.reason) for one in entries(broker)] == [
        ("record.delete", Why.DUE),
        ("record.keep", Why.HELD),
    ]
    await acts.say(released(102, "h101"))
    assert (await retention.run(IN_TEN_YEARS)).deleted
    assert state(sql) == [("B-1", 1, "kept"), ("B-1", 2, "deleted")]


async def killed(retention: RecordRetention) -> None:
    """Run until the audit trail was told, and no further."""
    running = asyncio.create_task(retention.run(IN_TEN_YEARS))
    await eventually(lambda: retention.told.holding)
    running.cancel()
    await asyncio.wait({running})


async def test_while_acts_wait_to_be_stored_nothing_is_deleted(
    sql: psycopg.Connection, acts: Acts, broker: MemoryBroker, retention: RecordRetention
):
    acts.end += 1
    before = stored(sql)
    with pytest.raises(UnavailableError, match="a hold may be in it"):
        await retention.run(IN_TEN_YEARS)
    assert (stored(sql), broker.sent) == (before, [])


async def test_what_comes_after_the_deletion_is_deleted_by_the_next_run(
    sink: TimescaleSink,
    acts: Acts,
    broker: MemoryBroker,
    retention: RecordRetention,
):
    await tell_twin(sink)
    await acts.say(held(101))
    await retention.run(IN_TEN_YEARS)
    result = twin(STATEMENTS[0]).model_dump_json().replace('"e7"', '"e8"')
    told = [one for one in STORY[LAB] if is_of_b1(one)]
    late = type(STATEMENTS[0]).model_validate_json(result)
    await sink.write(batch(LAB, [late], begin=len(STORY[LAB]) + len(told)))

    ran = await retention.run(IN_TEN_YEARS)

    assert ran.deleted == {("acme/north", "B-7"): {"test_result": 1}}
    assert [one.id for one in entries(broker)] == [
        "retention:acme/north|B-7|1",
        "retention:acme/north|B-7|2",
    ]


def test_every_table_that_names_batches_is_in_the_list(sql: psycopg.Connection):
    named = ask(
        sql,
        "SELECT table_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = 'batch'",
    )
    listed = {part.table for part in RECORD}

    assert {table for (table,) in named} <= listed | set(HOLDING)
    assert not listed & {"audit_record", "audit_entry"}
    assert not listed & set(HOLDING)


async def test_a_writer_may_delete_records_and_no_holds(native: Database):
    settings = emptied(native).settings
    with connect_blocking(settings) as owner:
        owner.execute("DROP ROLE IF EXISTS record_sink")
        owner.execute("CREATE USER record_sink IN ROLE plantstream_writer")
    writer = settings.model_copy(update={"user": "record_sink"})
    sink = TimescaleSink(writer)
    await sink.open()
    await tell(sink)
    acts = Acts(sink)
    await acts.say(held(101, "B-2"))

    assert (await RecordRetention(writer, MemoryBroker(), acts.ends).run(IN_TEN_YEARS)).deleted

    await sink.close()
    with connect_blocking(writer) as connection:
        for change in (
            "DELETE FROM batch_hold",
            "UPDATE batch_hold SET batch = 'B-3'",
            "DELETE FROM batch_hold_release",
            "DELETE FROM batch_deletion",
            "UPDATE batch_deletion SET entry = ''",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(change.encode())


async def test_a_run_that_froze_does_not_keep_the_acts_from_the_sink(
    native: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connections, "TRANSACTION_RESTS_S", 0.5)
    settings = emptied(native).settings
    sink = TimescaleSink(settings)
    await tell(sink)
    acts, asked = Acts(sink), asyncio.Event()

    async def never() -> dict[TopicPartition, int]:
        asked.set()
        return await asyncio.Future()

    running = asyncio.create_task(RecordRetention(settings, MemoryBroker(), never).run(NOW))
    await asyncio.wait_for(asked.wait(), SOON_S)
    try:
        await asyncio.wait_for(acts.say(held(101)), SOON_S)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await sink.close()


def test_views_of_holds_and_deletions_are_explained(sql: psycopg.Connection):
    unexplained = ask(
        sql,
        "SELECT attrelid::regclass::text, attname FROM pg_attribute"
        " WHERE attrelid IN ('batch_holds'::regclass, 'batch_deletions'::regclass)"
        " AND attnum > 0 AND col_description(attrelid, attnum) IS NULL",
    )
    assert unexplained == []


async def test_rows_of_the_deletion_are_counted(
    sql: psycopg.Connection, acts: Acts, retention: RecordRetention
):
    assert acts.end
    deleted = (await retention.run(IN_TEN_YEARS)).deleted["acme/north", "B-1"]
    ((rows,),) = ask(sql, "SELECT rows FROM batch_deletions")
    assert rows == json.loads(json.dumps(deleted))
    assert {"oee_cell", "machine_event", "lab_answer", "disposition", "stop"} < rows.keys()
