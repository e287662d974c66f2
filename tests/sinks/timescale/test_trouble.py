"""Poison rows, broken connections, wrong schemas: the rest goes on, or says what to do."""

import asyncio
import random
from typing import Any

import psycopg
import pytest

from plantstream.embedded.waiting import until
from plantstream.runtime.errors import FencedError, MisconfiguredError, UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from schemas.topics import KPI, TELEMETRY
from sinks.batch import without
from sinks.errors import RejectedRecordsError
from sinks.timescale import connection
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.parts import free_port
from tests.sinks.doubles import NOW
from tests.sinks.records import (
    FACTS,
    batch,
    cell,
    frame,
    poisoned,
)
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration


_noise = random.Random(4)
TOO_LONG = "".join(chr(_noise.randrange(0x4E00, 0x9FFF)) for _ in range(9000))
"""Cannot be compressed below what an index takes."""
HEIR_WITHIN_S = 5


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        pytest.param({"batch": TOO_LONG}, "index row", id="a key too long for the index"),
        pytest.param({"good": 2**63}, "64 bits", id="a count beyond 64 bits"),
    ],
)
async def test_a_poison_row_is_found_among_many_and_buried(
    sink: TimescaleSink, sql: psycopg.Connection, poison: dict[str, Any], reason: str
):
    whole = poisoned(batch(KPI, [cell(minute) for minute in range(100)]), {13, 50}, **poison)

    with pytest.raises(RejectedRecordsError) as caught:
        await sink.write(whole)
    assert caught.value.reasons.keys() == {(FACTS, 13), (FACTS, 50)}
    assert all(reason in why for why in caught.value.reasons.values())
    written = await sink.write(without(whole, caught.value.reasons, NOW))

    assert written.rows == {"oee_cell": 98, "dead_letter": 2}
    assert ask(sql, "SELECT record_offset FROM dead_letter ORDER BY 1") == [(13,), (50,)]


async def test_what_a_connection_held_is_taken_back_when_it_breaks(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(TELEMETRY, [frame(0)]))
    assert sink._connection is not None
    sink._connection.pgconn.finish()

    await sink.write(batch(TELEMETRY, [frame(1)], begin=1))

    assert ask(sql, "SELECT count(*) FROM sample") == [(2,)]


async def test_a_sink_that_froze_amid_its_transaction_does_not_keep_its_rows_from_its_heir(
    native: Database, monkeypatch: pytest.MonkeyPatch
):
    settings = emptied(native).settings
    monkeypatch.setattr(connection, "TRANSACTION_RESTS_S", 0.5)
    monkeypatch.setenv("PLANTSTREAM_FAULT", "sink.copied@2")
    frozen = TimescaleSink(settings)
    monkeypatch.delenv("PLANTSTREAM_FAULT")
    heir = TimescaleSink(settings)
    await frozen.write(batch(TELEMETRY, [frame(0)]))
    writing = asyncio.create_task(frozen.write(batch(TELEMETRY, [frame(1)], begin=1)))
    await until(lambda: frozen.copied.holding, every_s=0.05)

    async with asyncio.timeout(HEIR_WITHIN_S):
        await heir.write(batch(TELEMETRY, [frame(1)], begin=1))

    writing.cancel()
    await asyncio.wait({writing})
    with pytest.raises(FencedError):
        await frozen.write(batch(TELEMETRY, [frame(1)], begin=1))
    await frozen.close()
    await heir.close()


async def test_a_session_that_the_server_ends_is_unavailable_once(
    native: Database,
):
    sink = TimescaleSink(emptied(native).settings)
    await sink.write(batch(TELEMETRY, [frame(0)]))
    with connect_blocking(native.settings) as sql:
        sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'plantstream' AND pid <> pg_backend_pid()"
        )

        with pytest.raises(UnavailableError):
            await sink.write(batch(TELEMETRY, [frame(1)], begin=1))
        await sink.write(batch(TELEMETRY, [frame(1)], begin=1))

        assert ask(sql, "SELECT count(*) FROM sample") == [(2,)]
    await sink.close()


async def test_a_transaction_that_stands_on_the_row_is_waited_for_and_then_fences(
    native: Database,
):
    one, other = (TimescaleSink(emptied(native).settings) for _ in range(2))
    await one.write(batch(TELEMETRY, [frame(0)]))
    with connect_blocking(native.settings) as sql:
        with sql.transaction():
            sql.execute("UPDATE sink_position SET next = 5")
            waiting = asyncio.create_task(other.write(batch(TELEMETRY, [frame(1)], begin=1)))
            await asyncio.sleep(0.2)
            assert not waiting.done()
        with pytest.raises(FencedError):
            await waiting
        assert ask(sql, "SELECT count(*) FROM sample") == [(1,)]
    await one.close()
    await other.close()


async def test_nobody_there():
    with pytest.raises(UnavailableError):
        await TimescaleSink(DatabaseSettings(port=free_port())).open()


async def test_a_schema_that_is_missing_or_newer_is_refused(
    settings: DatabaseSettings, sql: psycopg.Connection
):
    sink = TimescaleSink(settings)
    sql.execute("INSERT INTO schema_migration (file, sha256) VALUES ('999.sql', '')")
    with pytest.raises(MisconfiguredError, match="newer schema"):
        await sink.open()
    sql.execute("DELETE FROM schema_migration WHERE file = '999.sql'")
    sql.execute("ALTER TABLE schema_migration RENAME TO hidden")
    try:
        with pytest.raises(MisconfiguredError, match="plantstream db migrate"):
            await sink.open()
    finally:
        await sink.close()
        sql.execute("ALTER TABLE hidden RENAME TO schema_migration")
