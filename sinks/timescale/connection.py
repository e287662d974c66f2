"""Connections to the database, and what its errors mean for the work in hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection

from plantstream.runtime.errors import MisconfiguredError, PlantstreamError, UnavailableError
from plantstream.runtime.settings import DatabaseSettings

_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Without these a connection through a dead network hangs for hours."""

TRANSACTION_RESTS_S = 10.0
"""So long a transaction may wait for a writer that says nothing. One that was frozen amid its own
holds rows that whoever takes over has to change; the server ends it then."""

_FAULTY_ROW = ("21", "22", "23", "54")
"""SQLSTATE classes of a value that never fits; 54 is a key over the limit of an index."""

_MISCONFIGURED = ("0A", "3D", "3F", "42")
"""SQLSTATE classes that a person mends: rights, a missing database or table."""

_NOT_KNOWN = ("28",)
"""SQLSTATE classes of a user or password that the database does not take."""


_READ_ONLY = "25006"
"""SQLSTATE of a server that takes no writes: a standby, a primary that was demoted."""

_REST = "SELECT set_config('idle_in_transaction_session_timeout', %s, false)"

_WRITABLE = {"target_session_attrs": "read-write"}
"""Of several hosts the one that takes writes; of one host that does not: no connection."""


async def connect(settings: DatabaseSettings) -> AsyncConnection:
    """A connection without prepared statements, which neither a pooler nor the trial build keeps.

    Raises:
        UnavailableError: nobody answers.
        MisconfiguredError: we are not let in.
    """
    return await _connect(settings, _arguments(settings))


async def connect_writable(settings: DatabaseSettings) -> AsyncConnection:
    """The same, and never to a server that takes no writes, which counts as unavailable."""
    connection = await _connect(settings, _arguments(settings) | _WRITABLE)
    with translated(settings):
        await connection.execute(_REST, (f"{TRANSACTION_RESTS_S * 1000:.0f}",))
    return connection


async def _connect(settings: DatabaseSettings, arguments: dict[str, Any]) -> AsyncConnection:
    with translated(settings):
        return await AsyncConnection.connect(**arguments, autocommit=True, prepare_threshold=None)


def connect_blocking(settings: DatabaseSettings) -> Connection:
    """The same for a command that does nothing else meanwhile."""
    with translated(settings):
        return psycopg.connect(**_arguments(settings), autocommit=True, prepare_threshold=None)


def _arguments(settings: DatabaseSettings) -> dict[str, Any]:
    return settings.connect_arguments() | _PATIENCE | {"application_name": "plantstream"}


@contextmanager
def translated(settings: DatabaseSettings) -> Iterator[None]:
    """Turn the driver's errors into decisions."""
    try:
        yield
    except psycopg.Error as error:
        raise decision(error, settings) from error


def decision(error: psycopg.Error, settings: DatabaseSettings) -> PlantstreamError:
    """What to do about this error: wait, or call a person."""
    where = f"database {settings.name} at {settings.host}:{settings.port}"
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    state = error.sqlstate or ""
    if is_read_only(error):
        return UnavailableError(
            f"{where} takes no writes now: it is a standby, or its default_transaction_read_only"
            f" is on ({said}); the primary is waited for"
        )
    if state in {"42P01", "42703", "42883"}:
        return MisconfiguredError(f"{where}: {said}. Run `plantstream db migrate`")
    if state.startswith(_NOT_KNOWN) or "password authentication failed" in said:
        return MisconfiguredError(
            f"{where}, as user {settings.user}: {said}; see PLANTSTREAM_DATABASE_USER and "
            "PLANTSTREAM_DATABASE_PASSWORD"
        )
    if state.startswith(_MISCONFIGURED):
        return MisconfiguredError(f"{where}, as user {settings.user}: {said}")
    return UnavailableError(f"{where}: {said}")


def is_faulty_row(error: psycopg.Error) -> bool:
    """Whether the fault lies in a value that was sent."""
    return (error.sqlstate or "").startswith(_FAULTY_ROW)


def is_read_only(error: psycopg.Error) -> bool:
    """Whether the server answers and takes no writes: another one may be the primary by now."""
    return error.sqlstate == _READ_ONLY or "session is read-only" in str(error)
