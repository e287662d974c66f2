"""The embedded database, by psycopg."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.parts import RunningTimescale, eventually, running_timescale

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


@asynccontextmanager
async def connected(database: RunningTimescale) -> AsyncIterator[Connection]:
    arguments: dict[str, Any] = database.settings.connect_arguments()
    connection = await psycopg.AsyncConnection.connect(
        **arguments, prepare_threshold=None, autocommit=True
    )
    async with connection:
        yield connection


async def rows(connection: Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    return await (await connection.execute(sql.encode(), values or None)).fetchall()


async def count(connection: Connection, table: str) -> int:
    return int((await rows(connection, f"SELECT count(*) FROM {table}"))[0][0])


async def copy_in(connection: Connection, table: str, values: range) -> None:
    sql = f"COPY {table} FROM STDIN".encode()
    async with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for value in values:
            await copy.write_row((value,))


async def test_it_has_hypertables_and_continuous_aggregates(timescale: RunningTimescale) -> None:
    async with connected(timescale) as db:
        await db.execute("CREATE TABLE sample (at timestamptz NOT NULL, value float)")
        await db.execute("SELECT create_hypertable('sample', 'at')")
        await db.execute("INSERT INTO sample VALUES ('2026-01-01 00:00Z', 1), ('2026-01-01Z', 3)")
        await db.execute(
            "CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous) AS"
            " SELECT time_bucket('1 hour', at) AS hour, sum(value) FROM sample GROUP BY 1"
        )
        assert [row[1] for row in await rows(db, "SELECT * FROM hourly")] == [4.0]


@pytest.mark.parametrize("length", [1, 4000, 8150, 8170, 8180, 8185, 8192, 8193, 20_000, 300_000])
async def test_statements_of_any_length_come_through(
    timescale: RunningTimescale, length: int
) -> None:
    async with connected(timescale) as db:
        assert await rows(db, f"SELECT length('{'x' * length}')") == [(length,)]
        assert await rows(db, "SELECT length(%s)", "x" * length) == [(length,)]


async def test_statements_of_every_length_around_the_backends_buffer_come_through(
    timescale: RunningTimescale,
) -> None:
    async with connected(timescale) as db:
        for length in range(8150, 8200):
            assert await rows(db, f"SELECT length('{'x' * length}')") == [(length,)]


async def test_a_large_copy_is_whole(timescale: RunningTimescale) -> None:
    async with connected(timescale) as db:
        await db.execute("CREATE TABLE bulk (n int)")
        await copy_in(db, "bulk", range(100_000))
        assert await rows(db, "SELECT count(*), sum(n) FROM bulk") == [(100_000, 4_999_950_000)]


async def test_a_copy_with_a_bad_row_stores_nothing(timescale: RunningTimescale) -> None:
    async with connected(timescale) as db:
        await db.execute("CREATE TABLE clean (n int PRIMARY KEY)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with db.cursor() as cursor, cursor.copy("COPY clean FROM STDIN") as copy:
                await copy.write("1\n1\n")
        assert await count(db, "clean") == 0


async def test_clients_wait_for_each_others_transactions(timescale: RunningTimescale) -> None:
    async with connected(timescale) as one, connected(timescale) as two:
        await one.execute("CREATE TABLE turns (n int)")
        async with one.transaction():
            await one.execute("INSERT INTO turns VALUES (1)")
            waiting = asyncio.create_task(count(two, "turns"))
            await one.execute("INSERT INTO turns VALUES (2)")
            assert not waiting.done()
        assert await waiting == 2


async def test_a_client_that_vanishes_leaves_no_transaction(timescale: RunningTimescale) -> None:
    async with connected(timescale) as watcher:
        await watcher.execute("CREATE TABLE left_open (n int)")
        async with connected(timescale) as client:
            await client.execute("BEGIN")
            await client.execute("INSERT INTO left_open VALUES (1)")
            os.close(client.fileno())
            client.pgconn.finish()
        assert await count(watcher, "left_open") == 0


async def test_two_clients_may_use_the_same_statement_name(timescale: RunningTimescale) -> None:
    async with connected(timescale) as one, connected(timescale) as two:
        for db, answer in ((one, 1), (two, 2), (one, 1), (two, 2)):
            found = await db.execute(f"SELECT {answer}".encode(), prepare=True)
            assert await found.fetchall() == [(answer,)]


async def test_notifications_reach_listeners_only(timescale: RunningTimescale) -> None:
    async with connected(timescale) as one, connected(timescale) as two:
        await one.execute("LISTEN news")
        await two.execute("NOTIFY news, 'hello'")
        async with asyncio.timeout(10):
            heard = [note.payload async for note in one.notifies(stop_after=1)]
        assert heard == ["hello"]


async def test_bytes_that_are_no_protocol_end_the_connection_only(
    timescale: RunningTimescale,
) -> None:
    reader, writer = await asyncio.open_connection(timescale.host, timescale.port)
    writer.write(b"\xff\xff\xff\xff GET / HTTP/1.1\r\n\r\n")
    async with asyncio.timeout(10):
        assert b"08P01" in await reader.read()
    writer.close()
    async with connected(timescale) as db:
        assert await rows(db, "SELECT 1") == [(1,)]


async def test_what_was_committed_is_there_after_a_kill(timescale: RunningTimescale) -> None:
    async with connected(timescale) as db:
        await db.execute("CREATE TABLE killed (n int)")
        for start in range(0, 5000, 1000):
            await copy_in(db, "killed", range(start, start + 1000))
        before = timescale.pid
        os.kill(before, signal.SIGKILL)
    pids = timescale.supervisor.pids
    await eventually(lambda: pids().get("timescale", before) != before)
    await eventually_answers(timescale)
    async with connected(timescale) as db:
        assert await count(db, "killed") == 5000


async def test_what_was_committed_is_there_after_a_stop(tmp_path: Path) -> None:
    async with running_timescale(tmp_path) as first, connected(first) as db:
        await db.execute("CREATE TABLE kept (n int)")
        await db.execute("INSERT INTO kept VALUES (7)")
    async with running_timescale(tmp_path) as second, connected(second) as db:
        assert await rows(db, "SELECT n FROM kept") == [(7,)]


async def eventually_answers(database: RunningTimescale) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                async with connected(database):
                    return
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)
