"""The migration runner: numbered files, applied once, in order, each whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import Connection

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale import fitness
from sinks.timescale.connection import connect_blocking, decision, translated
from sinks.timescale.probe import ask_blocking
from sinks.timescale.script import Script, Section, Statement, parse

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_140_291
"""Key of the advisory lock. The trial build shares one session, so there it keeps nobody out."""
_TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        file text PRIMARY KEY,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A migration file, and when it was applied (None: not yet)."""

    file: str
    applied_at: datetime | None


def scripts(folder: Path = MIGRATIONS, *, plain: bool = False) -> list[Script]:
    """The files in their order; plain leaves out what needs TimescaleDB."""
    found = [parse(file.name, file.read_text("utf-8")) for file in folder.glob("*.sql")]
    return sorted(
        (script for script in found if not (plain and script.is_timescale)),
        key=lambda script: script.order,
    )


def migrate(
    settings: DatabaseSettings, *, plain: bool = False, folder: Path = MIGRATIONS
) -> list[str]:
    """Apply what is missing, and say which files that was.

    Raises:
        MisconfiguredError: a file fails (with its line), was changed after it was applied, or
            the database has a newer schema than we do, or is not fit for ours.
    """
    with _locked(settings) as connection:
        applied = _applied(connection, scripts(folder))
        missing = [one for one in scripts(folder, plain=plain) if one.name not in applied]
        present = [one for one in scripts(folder) if one.name in applied]
        _must_be_fit(connection, settings, (missing, present), plain=plain)
        connection.execute(_TABLE)
        for script in missing:
            _run(connection, script, script.up, settings, (_INSERT, (script.name, script.sha256)))
    return [script.name for script in missing]


def roll_back(
    settings: DatabaseSettings, keep: Sequence[str] = (), *, folder: Path = MIGRATIONS
) -> list[str]:
    """Undo every applied file that is not to be kept, newest first, and say which."""
    with _locked(settings) as connection:
        connection.execute(_TABLE)
        known = scripts(folder)
        applied = _applied(connection, known)
        undone = [one for one in reversed(known) if one.name in applied.keys() - set(keep)]
        for script in undone:
            _run(connection, script, script.down, settings, (_DELETE, (script.name,)))
    return [script.name for script in undone]


def status(settings: DatabaseSettings, *, folder: Path = MIGRATIONS) -> list[FileStatus]:
    """Every file and when it was applied; refuses what `migrate` refuses, and changes nothing."""
    with connect_blocking(settings) as connection, translated(settings):
        known = scripts(folder)
        applied = _applied(connection, known)
        return [FileStatus(script.name, applied.get(script.name)) for script in known]


_INSERT = "INSERT INTO schema_migration (file, sha256) VALUES (%s, %s)"
_DELETE = "DELETE FROM schema_migration WHERE file = %s"


@contextmanager
def _locked(settings: DatabaseSettings) -> Iterator[Connection]:
    with connect_blocking(settings) as connection, translated(settings):
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            yield connection
        finally:
            with suppress(psycopg.OperationalError):  # Closing lets go of it as well.
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _must_be_fit(
    connection: Connection,
    settings: DatabaseSettings,
    scripts_of: tuple[Sequence[Script], Sequence[Script]],
    *,
    plain: bool,
) -> None:
    """Refuse before the first statement what would fail later, given missing and applied files.

    Raises:
        UnavailableError: the server takes no writes now.
        MisconfiguredError: with all that is wrong, and how to mend it.
    """
    if connection.execute("SHOW transaction_read_only").fetchone() == ("on",):
        raise decision(psycopg.errors.ReadOnlySqlTransaction("it is read-only"), settings)
    facts = ask_blocking(connection)
    faults = [
        *fitness.server_faults(facts, plain=plain),
        *fitness.migration_faults(facts, *scripts_of),
    ]
    if faults:
        where = f"database {settings.name} at {settings.host}:{settings.port}"
        raise MisconfiguredError(f"{where}: {fitness.told(faults)}")


def _applied(connection: Connection, known: Sequence[Script]) -> dict[str, datetime]:
    """When each file was applied.

    Raises:
        MisconfiguredError: files and database contradict each other.
    """
    exists = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
    if exists != (True,):
        return {}
    if faults := fitness.bookkeeping_faults(ask_blocking(connection)):
        raise MisconfiguredError(fitness.told(faults))
    rows = connection.execute("SELECT file, sha256, applied_at FROM schema_migration").fetchall()
    ours = {script.name: script.sha256 for script in known}
    for file, sha256, _ in rows:
        if file not in ours:
            raise MisconfiguredError(
                f"the database has a newer schema ({file}) than this plantstream: upgrade it"
            )
        if ours[file] != sha256:
            raise MisconfiguredError(
                f"{file} was changed after it was applied: restore it, and write a new migration"
            )
    return {file: at for file, _, at in rows}


def _run(
    connection: Connection,
    script: Script,
    section: Section,
    settings: DatabaseSettings,
    note: tuple[LiteralString, Sequence[str]],
) -> None:
    statement = section.statements[0]
    with connection.transaction() if section.in_transaction else nullcontext():
        try:
            for statement in section.statements:
                connection.execute(statement.sql.encode())
            connection.execute(*note)
        except psycopg.Error as error:
            if error.sqlstate is None or error.sqlstate.startswith("08"):
                raise decision(error, settings) from error
            raise MisconfiguredError(_explain(script, statement, error)) from error


def _explain(script: Script, statement: Statement, error: psycopg.Error) -> str:
    before = statement.sql[: int(error.diag.statement_position or 1) - 1]
    advice = ""
    if script.is_timescale and error.sqlstate in {"0A000", "58P01"}:
        advice = "; this database has no TimescaleDB: install it, or try without (`--plain`)"
    line = statement.line + before.count("\n")
    return f"{script.name}:{line}: {error.diag.message_primary}{advice}"
