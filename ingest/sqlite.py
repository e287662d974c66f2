"""What the edge's SQLite files have in common: transactions, and what their errors mean."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from plantstream.runtime.errors import MisconfiguredError, UnavailableError

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; the database has no isolation level of its own."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextmanager
def translated(named: str, damaged: Callable[[sqlite3.Error], Exception]) -> Iterator[None]:
    """Errors of SQLite as decisions about the file that is called so; `damaged` makes its own.

    Raises:
        UnavailableError: its disk is full, or fails.
        MisconfiguredError: another agent has it, or it cannot be used.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGED:
            raise damaged(error) from error
        raise _decision(named, code, error) from error


def _decision(named: str, code: int, error: sqlite3.Error) -> Exception:
    if code in _FULL:
        return UnavailableError(f"{named} cannot be written: {error}; make room on its disk")
    if code == sqlite3.SQLITE_BUSY:
        return MisconfiguredError(
            f"{named} is in use by another agent: stop that one, or name another data directory"
        )
    return MisconfiguredError(
        f"{named} cannot be used: {error}; check that its folder exists and is writable"
    )
