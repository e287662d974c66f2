"""Roles of native PostgreSQL, by connecting as each: what succeeds, and what is refused."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import errors

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import migrate, roll_back, scripts, status
from sinks.timescale.reference import functions, views
from tests.sinks.timescale.conftest import TABLES, Database, ask, emptied

pytestmark = pytest.mark.integration

As = Callable[[str], psycopg.Connection]
ROLES = ("owner", "writer", "reader", "auditor")
NOT_FOR_READERS = {"audit_trail"}
"""Views of acts of people, which auditors read."""
SECRET = (
    "SELECT entry FROM audit_record",
    "SELECT actor FROM audit_entry",
    "SELECT value FROM dead_letter",
    "SELECT text FROM plant_file",
    "SELECT * FROM plant_file",
)
NOTE = (
    "INSERT INTO audit_entry (id, site, at, actor, action, subject)"
    " VALUES ('i', 'a/b', now(), 'ana', 'act', 'it')"
)


@pytest.fixture
def settings(native: Database) -> Iterator[DatabaseSettings]:
    """The database with a user in each role, who are gone afterwards: a server has them for all."""
    settings = emptied(native).settings
    with connect_blocking(settings) as admin:
        for role in ROLES:
            admin.execute(f"CREATE USER test_{role} IN ROLE plantstream_{role}".encode())
        # What its migrations make is the role's own, and not of one user.
        admin.execute("ALTER ROLE test_owner SET role TO plantstream_owner")
        yield settings
        for role in ROLES:
            admin.execute(f"DROP OWNED BY test_{role}; DROP ROLE test_{role}".encode())


@pytest.fixture
def as_(settings: DatabaseSettings) -> Iterator[As]:
    with ExitStack() as stack:
        yield lambda role: stack.enter_context(connect_blocking(of(settings, role)))


def of(settings: DatabaseSettings, role: str) -> DatabaseSettings:
    return settings.model_copy(update={"user": f"test_{role}"})


def refused(connection: psycopg.Connection, statement: str) -> bool:
    try:
        connection.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return True
    return False


def test_the_owner_takes_migrations_back_and_applies_them_again(settings: DatabaseSettings):
    plain = [one.name for one in scripts(plain=True)]
    newest = [name for name in plain if name >= "014"]

    undone = roll_back(of(settings, "owner"), keep=[one for one in plain if one not in newest])

    assert undone == newest[::-1]
    assert migrate(of(settings, "owner"), plain=True) == newest
    with connect_blocking(settings) as admin:
        owners = ask(
            admin,
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')",
        )
    assert owners == [("plantstream_owner",)]


def test_the_owner_builds_a_database_from_the_first_file_and_takes_it_down(
    settings: DatabaseSettings,
):
    plain = [one.name for one in scripts(plain=True)]
    with connect_blocking(settings) as admin:
        admin.execute("CREATE DATABASE fresh OWNER plantstream_owner")
        try:
            fresh = of(settings, "owner").model_copy(update={"name": "fresh"})
            assert migrate(fresh, plain=True) == plain
            assert roll_back(fresh) == plain[::-1]
            with connect_blocking(fresh) as owner:
                assert (views(owner), functions(owner)) == ([], [])
        finally:
            admin.execute("DROP DATABASE fresh")


def test_the_owner_makes_and_changes_tables(as_: As):
    owner = as_("owner")
    owner.execute("CREATE TABLE of_a_migration (a int)")
    owner.execute("ALTER TABLE stop ADD COLUMN of_a_migration int")
    owner.execute("ALTER TABLE stop DROP COLUMN of_a_migration")
    owner.execute("DROP TABLE of_a_migration")


def test_the_owner_is_nobody_elses_owner(as_: As):
    owner = as_("owner")
    assert refused(owner, "CREATE ROLE of_mine")
    assert refused(owner, "DELETE FROM audit_record")
    assert refused(owner, "ALTER SYSTEM SET fsync = off")


@pytest.mark.parametrize("role", ["writer", "reader", "auditor"])
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE stop",
        "DROP VIEW stops",
        "ALTER TABLE stop ADD COLUMN mine int",
        "CREATE TABLE mine (a int)",
        "CREATE VIEW mine AS SELECT 1",
        "CREATE OR REPLACE FUNCTION audit_record_is_kept() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "ALTER TABLE audit_record DISABLE TRIGGER audit_record_is_kept",
        "TRUNCATE oee_cell",
        "UPDATE audit_record SET actor = 'Eve'",
        "DELETE FROM audit_record",
        "UPDATE audit_entry SET actor = 'Eve'",
        "DELETE FROM schema_migration",
        "INSERT INTO schema_migration (file, sha256) VALUES ('999.sql', '')",
        "GRANT plantstream_owner TO current_user",
        "SET ROLE plantstream_owner",
    ],
)
def test_nobody_else_changes_the_schema_or_the_trail(as_: As, role: str, statement: str):
    assert refused(as_(role), statement)


def test_a_writer_adds_replaces_and_reads_what_it_stores(as_: As):
    writer = as_("writer")
    for table in TABLES:
        writer.execute(f"SELECT * FROM {table} LIMIT 0".encode())
    writer.execute(NOTE)
    writer.execute("INSERT INTO run_equipment VALUES ('', 'a/b/c/d/e')")
    writer.execute("DELETE FROM run_equipment")
    assert status(of_connection(writer))


def of_connection(connection: psycopg.Connection) -> DatabaseSettings:
    return DatabaseSettings(port=connection.info.port, user=connection.info.user)


@pytest.mark.parametrize("role", ["writer", "reader", "auditor"])
def test_views_and_functions_answer(as_: As, role: str):
    connection = as_(role)
    for view in views(connection):
        if role != "reader" or view.name not in NOT_FOR_READERS:
            connection.execute(f"SELECT * FROM {view.name} LIMIT 0".encode())
    for call in (
        "state_at(now())",
        "value_at('a', 't', now())",
        "telemetry_gapfill('a', 't', now() - interval '1 h', now(), '1 min')",
        "telemetry_beyond('a', 't', 1, '1 min', now() - interval '1 h', now())",
        "oee_between(now() - interval '1 h', now())",
        "on_call_at(now())",
        "alert_figures(now() - interval '1 h', now())",
    ):
        connection.execute(f"SELECT * FROM {call}".encode())


@pytest.mark.parametrize("secret", SECRET)
def test_a_reader_does_not_see_secrets(as_: As, secret: str):
    assert refused(as_("reader"), secret)


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_readers_and_auditors_write_nothing(as_: As, role: str):
    connection = as_(role)
    for table in TABLES:
        assert refused(connection, f"INSERT INTO {table} DEFAULT VALUES"), table
        assert refused(connection, f"DELETE FROM {table}"), table


@pytest.mark.parametrize("question", [*SECRET[:2], "SELECT reason FROM audit_trail"])
def test_an_auditor_reads_the_trail(as_: As, question: str):
    as_("writer").execute(NOTE)

    assert as_("auditor").execute(question.encode()).fetchall() is not None


def test_a_stranger_gets_nothing(settings: DatabaseSettings):
    with connect_blocking(settings) as admin:
        admin.execute("DROP ROLE IF EXISTS test_stranger; CREATE ROLE test_stranger LOGIN")
        with connect_blocking(of(settings, "stranger")) as stranger:
            assert refused(stranger, "SELECT * FROM oee_by_day")
            assert refused(stranger, "SELECT * FROM state_at(now())")
        admin.execute("DROP ROLE test_stranger")
