"""Databases that are not fit: migrate, doctor and sink say the same, and change nothing.

Native PostgreSQL is one without TimescaleDB. Where TimescaleDB itself is wrong, views before the
catalogue and settings of the database answer for it: the narrowest point there is.
"""

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from plantstream.commands.doctor_database import database_findings
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect_blocking
from sinks.timescale.migrate import migrate
from sinks.timescale.writer import TimescaleSink
from tests.sinks.timescale.conftest import Database

pytestmark = pytest.mark.integration

EVERYTHING = """
    SELECT json_agg(c.relname ORDER BY c.relname)::text FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
PRETENDED = """
    CREATE SCHEMA fake;
    CREATE VIEW fake.pg_extension AS SELECT 'timescaledb' AS extname, '{0}' AS extversion;
    CREATE VIEW fake.pg_available_extensions AS
        SELECT 'timescaledb' AS name, '{0}' AS default_version;
    ALTER DATABASE {1} SET search_path = fake, pg_catalog, public;
    ALTER DATABASE {1} SET timescaledb.license = '{2}';
    ALTER DATABASE {1} SET timescaledb.max_background_workers = '{3}';
"""


@pytest.fixture
def empty(native: Database) -> Iterator[DatabaseSettings]:
    """A new database of the native server."""
    name = f"unfit_{uuid4().hex[:12]}"
    run(native.settings, f"CREATE DATABASE {name}")
    yield native.settings.model_copy(update={"name": name})
    run(native.settings, f"DROP DATABASE {name} WITH (FORCE)")


def run(settings: DatabaseSettings, *statements: str) -> None:
    with connect_blocking(settings) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def everything(settings: DatabaseSettings) -> object:
    with connect_blocking(settings) as connection:
        return connection.execute(EVERYTHING.encode()).fetchone()


def pretend(version: str, edition: str = "timescale", workers: int = 16) -> str:
    return PRETENDED.format(version, "{0}", edition, workers)


async def opened(settings: DatabaseSettings) -> None:
    sink = TimescaleSink(settings)
    try:
        await sink.open()
    finally:
        await sink.close()


@pytest.mark.parametrize(
    ("before", "subject", "what"),
    [
        pytest.param("SELECT 1", "timescaledb", "no TimescaleDB: install", id="no TimescaleDB"),
        pytest.param(pretend("2.23.0", "apache"), "timescaledb", "Apache edition", id="edition"),
        pytest.param(pretend("2.9.3"), "timescaledb", "2.9.3 is too old", id="too old"),
        pytest.param(pretend("2.23.0", workers=0), "workers", "no background", id="no workers"),
        pytest.param(
            "ALTER DATABASE {0} SET TimeZone = 'America/Mexico_City'",
            "time zone",
            "America/Mexico_City",
            id="another time zone",
        ),
        pytest.param(
            "CREATE TABLE schema_migration (version text)",
            "tables",
            "somebody else's",
            id="somebody else's migrations",
        ),
    ],
)
def test_all_three_say_what_is_wrong_and_change_nothing(
    empty: DatabaseSettings, before: str, subject: str, what: str
):
    run(empty, *before.format(empty.name).split(";"))
    there = everything(empty)

    with pytest.raises(MisconfiguredError, match=what):
        migrate(empty)
    with pytest.raises(MisconfiguredError, match=what):
        asyncio.run(opened(empty))
    found = asyncio.run(database_findings(empty))

    assert any(one.status == "fail" and one.subject == subject for one in found), found
    assert everything(empty) == there


def test_tables_of_others_are_left_alone(empty: DatabaseSettings):
    run(empty, "CREATE TABLE sample (colour text)", "INSERT INTO sample VALUES ('blue')")
    there = everything(empty)

    with pytest.raises(MisconfiguredError, match="did not make: sample: give plantstream"):
        migrate(empty, plain=True)
    found = asyncio.run(database_findings(empty))

    assert [one.subject for one in found if one.status == "fail"].count("tables") == 1
    assert everything(empty) == there


def a_newer_schema(settings: DatabaseSettings) -> str:
    run(settings, "INSERT INTO schema_migration (file, sha256) VALUES ('999.sql', '')")
    return r"newer schema \(999\.sql\)"


def no_rights(settings: DatabaseSettings) -> str:
    run(settings, "DELETE FROM schema_migration WHERE file = '013.sql'")
    return "permission denied for table schema_migration: .*GRANT plantstream_writer"


@pytest.mark.parametrize(
    ("user", "spoil"),
    [
        pytest.param("postgres", a_newer_schema, id="newer"),
        pytest.param("nosy", no_rights, id="no"),
    ],
)
def test_a_schema_that_is_newer_or_not_ours_to_touch(
    empty: DatabaseSettings, user: str, spoil: Callable[[DatabaseSettings], str]
):
    migrate(empty, plain=True)
    run(empty, "DROP ROLE IF EXISTS nosy", "CREATE ROLE nosy LOGIN")
    what, there = spoil(empty), everything(empty)
    asked = empty.model_copy(update={"user": user})

    with pytest.raises(MisconfiguredError, match=what):
        migrate(asked, plain=True)
    with pytest.raises(MisconfiguredError, match=what):
        asyncio.run(opened(asked))
    found = asyncio.run(database_findings(asked))

    assert any(one.status == "fail" and one.subject == "migrations" for one in found)
    assert everything(empty) == there


def test_a_user_who_may_only_read_cannot_be_the_sinks(empty: DatabaseSettings):
    migrate(empty, plain=True)
    run(empty, "DROP ROLE IF EXISTS curious", "CREATE ROLE curious LOGIN")
    run(empty, "GRANT plantstream_reader TO curious", "GRANT SELECT ON schema_migration TO curious")
    asked = empty.model_copy(update={"user": "curious"})

    with pytest.raises(MisconfiguredError, match=r"curious may not write .*sample.*GRANT"):
        asyncio.run(opened(asked))
    run(empty, "GRANT plantstream_writer TO curious")
    asyncio.run(opened(asked))
    run(empty, "DROP OWNED BY curious", "DROP ROLE curious")


def test_a_user_who_may_not_create_is_told_before_the_first_statement(empty: DatabaseSettings):
    run(empty, "DROP ROLE IF EXISTS nosy", "CREATE ROLE nosy LOGIN")

    with pytest.raises(MisconfiguredError, match="may not create tables in schema public: GRANT"):
        migrate(empty.model_copy(update={"user": "nosy"}), plain=True)


def test_a_server_that_takes_no_writes_is_not_migrated(empty: DatabaseSettings):
    run(empty, f"ALTER DATABASE {empty.name} SET default_transaction_read_only = on")

    with pytest.raises(UnavailableError, match="takes no writes now"):
        migrate(empty, plain=True)
    found = asyncio.run(database_findings(empty))

    assert any("takes no writes" in one.what for one in found if one.subject == "database")
