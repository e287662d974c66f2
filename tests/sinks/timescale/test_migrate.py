"""Migrations: forward and back on data, and what they refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import MIGRATIONS, migrate, roll_back, scripts, status
from tests.parts import free_port
from tests.sinks.timescale.conftest import Database

pytestmark = pytest.mark.integration

CELL = """
    INSERT INTO oee_cell
    SELECT 'r', 'a/b/c/d/e', t, '', '', '', '', t::date, t, t + interval '1 minute', 'v',
        0, 0, 0, 0, 0, 0, 60000, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 60000000, 60000000, 0
    FROM generate_series(timestamptz '2019-09-06Z', '2019-12-06Z', interval '1 hour') AS t
"""
TOTAL = "SELECT count(*), sum(running_ms), min(minute), max(minute) FROM oee_cell"


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Iterator[Path]:
    """Our migrations, to be changed; the database has ours again when the test ends."""
    for file in MIGRATIONS.glob("*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    yield tmp_path
    with connect_blocking(database.settings) as connection:
        connection.execute("DELETE FROM schema_migration WHERE file >= '900'")
        connection.execute("DROP TABLE IF EXISTS extra")


def write(folder: Path, name: str, up: str, down: str = "SELECT 1;", option: str = "") -> None:
    (folder / name).write_text(f"-- migrate:up {option}\n{up}\n-- migrate:down\n{down}\n")


def test_a_second_time_does_nothing(database: Database):
    assert migrate(database.settings, plain=database.plain) == []


def test_status_tells_what_is_missing(database: Database):
    missing = [one.file for one in status(database.settings) if one.applied_at is None]

    needing = [f"{number}.timescale.sql" for number in ("001", "007", "014")]
    assert missing == (needing if database.plain else [])


def test_back_and_forth_on_data(database: Database, sql: psycopg.Connection):
    sql.execute(CELL.encode())
    before = sql.execute(TOTAL).fetchone()
    assert before is not None

    undone = roll_back(database.settings, keep=["001.sql"])
    assert sql.execute(TOTAL).fetchone() == before
    done = migrate(database.settings, plain=database.plain)

    assert done == undone[::-1]
    assert sql.execute(TOTAL).fetchone() == before
    assert sql.execute("SELECT sum(good) FROM oee_by_day").fetchone() == (before[0] * 5,)


def test_facts_of_before_reasons_and_losses_are_read_as_they_were(
    database: Database, sql: psycopg.Connection
):
    roll_back(database.settings, keep=[one.name for one in scripts() if one.order < ("004",)])
    sql.execute(CELL.encode())
    figures = "SELECT planned_s, availability, oee FROM oee_by_day ORDER BY day"
    before = sql.execute(figures.encode()).fetchall()

    migrate(database.settings, plain=database.plain)

    assert sql.execute(figures.encode()).fetchall() == before
    lost = "SELECT DISTINCT breakdowns, startup_loss_s, mtbf_s FROM oee_by_day"
    assert sql.execute(lost.encode()).fetchall() == [(0, 0.0, None)]
    assert sql.execute("SELECT count(*) FROM pareto").fetchone() == (0,)


def test_going_back_and_forth_keeps_what_columns_mean(database: Database, sql: psycopg.Connection):
    meanings = (
        "SELECT attrelid::regclass::text, attname, col_description(attrelid, attnum)"
        " FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
        " WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1, 2"
    )
    before = sql.execute(meanings.encode()).fetchall()

    roll_back(database.settings, keep=[one.name for one in scripts() if one.order < ("004",)])
    migrate(database.settings, plain=database.plain)

    assert sql.execute(meanings.encode()).fetchall() == before


def test_all_the_way_back_leaves_nothing(database: Database, sql: psycopg.Connection):
    tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    roll_back(database.settings)
    left = sql.execute(tables + " AND relkind IN ('r', 'v') AND relname <> 'schema_migration'")
    assert left.fetchone() == (0,)
    named = "^(oee_|cycle_|merge_s|alarm_|alert_|on_call_)"
    functions = f"SELECT count(*) FROM pg_proc WHERE proname ~ '{named}' AND"
    ours = functions + " pronamespace = 'public'::regnamespace"
    assert sql.execute(ours.encode()).fetchone() == (0,)

    assert migrate(database.settings, plain=database.plain) == [
        script.name for script in scripts(plain=database.plain)
    ]


def test_heartbeats_and_alerts_survive_the_way_back_to_their_tables(
    database: Database, sql: psycopg.Connection
):
    sql.execute(
        "INSERT INTO edge_heartbeat SELECT '', 'a/b', 'e', t, t, 0, 0, 0, 's', 'e', 0, 'v' FROM"
        " generate_series(timestamptz '2026-01-01Z', '2026-03-01Z', interval '1 day') AS t"
    )
    sql.execute(
        "INSERT INTO on_call_shift (site, schedule, starts_at, people, plant_version)"
        " VALUES ('a/b', 's', '2026-01-01Z', '[\"ana\"]', 'v')"
    )

    roll_back(
        database.settings,
        keep=["007.sql", *(one.name for one in scripts() if one.order < ("007",))],
    )
    assert sql.execute("SELECT count(*), min(time) FROM edge_heartbeat").fetchone() == (
        60,
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    migrate(database.settings, plain=database.plain)

    assert sql.execute("SELECT count(*) FROM edge_heartbeat").fetchone() == (60,)
    assert sql.execute("SELECT called FROM on_call_now").fetchall() == [("ana",)]


def test_a_changed_file_is_refused(folder: Path, settings: DatabaseSettings):
    with (folder / "001.sql").open("a") as file:
        file.write("-- innocent\n")

    for refuses in (migrate, status, roll_back):
        with pytest.raises(MisconfiguredError, match=r"001\.sql was changed after"):
            refuses(settings, folder=folder)


def test_a_newer_schema_is_refused(folder: Path, database: Database):
    write(folder, "999.sql", "CREATE TABLE extra (a int);", "DROP TABLE extra;")
    migrate(database.settings, plain=database.plain, folder=folder)

    with pytest.raises(MisconfiguredError, match=r"newer schema \(999\.sql\)"):
        migrate(database.settings, plain=database.plain)


@pytest.mark.parametrize(
    ("up", "where"),
    [
        pytest.param("SELECT 1;\n\nSELEKT 2;", r"903\.sql:4: syntax error", id="a wrong word"),
        pytest.param(
            "CREATE TABLE extra (a int);\nSELECT a,\n  b\nFROM extra;",
            r"903\.sql:4: column \"b\"",
            id="an unknown column on the second line of a statement",
        ),
        pytest.param(
            "CREATE TABLE extra (a int);\n-- Look:\nSELECT 1/0;",
            r"903\.sql:4: division by zero",
            id="an error while it runs",
        ),
        pytest.param("CREATE TABLE sample (a int);", "already exists", id="a table of the name"),
    ],
)
def test_a_failing_file_leaves_no_trace_and_names_the_line(
    folder: Path, database: Database, sql: psycopg.Connection, up: str, where: str
):
    write(folder, "903.sql", up)

    with pytest.raises(MisconfiguredError, match=where):
        migrate(database.settings, plain=database.plain, folder=folder)

    assert sql.execute("SELECT to_regclass('extra')").fetchone() == (None,)
    assert [one.file for one in status(database.settings) if one.file == "903.sql"] == []


def test_statements_stand_alone_where_the_file_asks_for_it(
    folder: Path, database: Database, sql: psycopg.Connection
):
    up = "CREATE TABLE extra (a int);\nVACUUM extra;"
    write(folder, "903.sql", up, option="transaction:false")

    migrate(database.settings, plain=database.plain, folder=folder)

    assert sql.execute("SELECT to_regclass('extra') IS NOT NULL").fetchone() == (True,)


def test_a_database_without_timescale_says_so(native: Database):
    migrate(native.settings, plain=True)

    with pytest.raises(MisconfiguredError, match=r"001\.timescale\.sql:4: .*no TimescaleDB"):
        migrate(native.settings)


def test_tables_are_hypertables(timescale: Database):
    migrate(timescale.settings)
    with connect_blocking(timescale.settings) as connection:
        found = connection.execute(
            "SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1"
        ).fetchall()

    assert [name for (name,) in found] == [
        *("edge_heartbeat", "machine_event", "oee_cell", "run_sample", "sample"),
        "source_heartbeat",
    ]


def test_nobody_there():
    with pytest.raises(UnavailableError, match="database postgres at"):
        migrate(DatabaseSettings(port=free_port()))


def test_a_user_without_rights_is_told(native: Database):
    migrate(native.settings, plain=True)
    with connect_blocking(native.settings) as connection:
        connection.execute("DROP ROLE IF EXISTS nosy; CREATE ROLE nosy LOGIN")

    with pytest.raises(MisconfiguredError, match="as user nosy: permission denied"):
        status(native.settings.model_copy(update={"user": "nosy"}))
