"""Two databases for the tests: TimescaleDB as `up` runs it, and native PostgreSQL without it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import pytest_asyncio

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import migrate
from sinks.timescale.writer import TimescaleSink
from tests.parts import free_port, running_timescale

NATIVE = Path("/usr/lib/postgresql/15/bin")
TABLES = (
    *("sink_position", "sink_mark", "run_equipment", "sample", "run_sample", "machine_event"),
    *("oee_cell", "oee_report", "dead_letter", "audit_entry", "audit_record"),
    *("test_result", "disposition", "operator_act", "plant_file"),
    *("stop", "andon_call", "finding", "cycle_cell", "batch_cycle"),
    *("alert_transition", "alert_handled", "on_call_shift", "notification", "notification_alert"),
    *("delivery_attempt", "edge_heartbeat", "source_heartbeat", "external_alert"),
    *(
        "judged_result",
        "judged_version",
        "compliance_report",
        "capability_report",
        "deviation",
        "batch_progress",
    ),
    *("lab_answer", "batch_made", "deviation_action", "signature"),
    *("batch_hold", "batch_hold_release", "batch_deletion"),
    *("critical_tag", "batch_sample", "batch_sample_before", "batch_sample_due"),
)


class Database(NamedTuple):
    """A database that answers, and whether it lacks TimescaleDB."""

    settings: DatabaseSettings
    plain: bool


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def timescale(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as running:
        yield Database(running.settings, plain=False)


@pytest.fixture(scope="session")
def native() -> Iterator[Database]:
    if not NATIVE.is_dir():
        pytest.skip(f"native PostgreSQL is not installed: {NATIVE} is missing")
    port = free_port()
    home = Path(tempfile.mkdtemp(prefix="plantstream-test-"))
    owner = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    shutil.chown(home, owner)
    run_native(owner, "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run_native(
        owner, "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start"
    )
    try:
        yield Database(DatabaseSettings(port=port), plain=True)
    finally:
        run_native(owner, "pg_ctl", "-D", home / "data", "-w", "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture(params=["timescale", "native"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database with our schema, of either kind."""
    return emptied(request.getfixturevalue(request.param))


@pytest.fixture
def settings(database: Database) -> DatabaseSettings:
    return database.settings


@pytest.fixture
def sql(settings: DatabaseSettings) -> Iterator[psycopg.Connection]:
    """A connection to ask what is stored."""
    with connect_blocking(settings) as connection:
        yield connection


@pytest.fixture
async def sink(settings: DatabaseSettings) -> AsyncIterator[TimescaleSink]:
    made = TimescaleSink(settings)
    await made.open()
    yield made
    await made.close()


def ask(sql: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return sql.execute(query.encode()).fetchall()


def emptied(database: Database) -> Database:
    """The database with our schema and no rows."""
    migrate(database.settings, plain=database.plain)
    with connect_blocking(database.settings) as connection, connection.transaction():
        # The audit trail lets nobody empty it; here nobody has to answer for it.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(TABLES)}, refresh_queue".encode())
    return database


def run_native(owner: str, program: str, *arguments: object) -> None:
    command = [str(NATIVE / program), *map(str, arguments)]
    user = owner if os.getuid() == 0 else None
    done = subprocess.run(
        command,
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, command
