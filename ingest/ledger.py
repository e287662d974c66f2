"""What was taken before: keys of statements for a week, files for ever. One SQLite file.

It stands beside the spool and not in it: its rows must be forgotten one by one, and need not be in
memory. It is exact all the same, because of two rules. A chunk's keys are noted under the chunk's
number before the chunk is stored, and the number is stored with the chunk, as the input's position;
after a restart keys of higher numbers are forgotten, for their chunk was never stored.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.sqlite import transaction, translated
from ingest.values import legible
from plantstream.runtime.errors import MisconfiguredError

KEPT = timedelta(days=7)
"""For so long the same key is answered as before."""
_ASKED = 500
"""Keys in one question."""
_TABLES = """
BEGIN;
CREATE TABLE event (key BLOB PRIMARY KEY, digest BLOB NOT NULL, number INTEGER NOT NULL,
    at REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_number ON event (number);
CREATE INDEX event_by_time ON event (at);
CREATE TABLE file (hash TEXT PRIMARY KEY, name TEXT NOT NULL, at REAL NOT NULL,
    moved INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """The key of a statement, and the digest of what it said."""

    key: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file whose rows are stored, and whether it was moved away since."""

    name: str
    at: datetime
    moved: bool


class Ledger:
    """One open file; only one thread may use it at a time.

    Raises:
        MisconfiguredError: it is in use, damaged, or cannot be written.
        UnavailableError: the disk is full; the same call may be made again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=0
            )
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def _prepare(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN IMMEDIATE")
        run("COMMIT")
        if run("PRAGMA user_version").fetchone() == (0,):
            self._database.executescript(_TABLES)

    def settle(self, stored: int | None) -> int:
        """Forget what was noted for chunks after this one; gives the highest number in use.

        None is a spool that does not know: only the newest chunk may not be stored then.
        """
        with self._translated():
            (newest,) = self._database.execute(
                "SELECT coalesce(max(number), 0) FROM event"
            ).fetchone()
            last = newest - 1 if stored is None else stored
            self._database.execute("DELETE FROM event WHERE number > ?", (last,))
        return max(last, 0)

    def known(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The digests of those of these keys that were noted."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        with self._translated():
            for at in range(0, len(wanted), _ASKED):
                part = wanted[at : at + _ASKED]
                marks = ",".join("?" * len(part))
                sql = f"SELECT key, digest FROM event WHERE key IN ({marks})"  # noqa: S608 - marks
                found.update(self._database.execute(sql, part).fetchall())
        return found

    def note(self, number: int, entries: Sequence[Noted], now: datetime) -> None:
        """Note what the chunk of this number holds, and forget what is too old."""
        at = now.timestamp()
        rows = [(one.key, one.digest, number, at) for one in entries]
        with self._transaction():
            old = at - KEPT.total_seconds()
            self._database.execute("DELETE FROM event WHERE at < ?", (old,))
            self._database.executemany("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?)", rows)

    def file(self, digest: str) -> TakenFile | None:
        """The file of this content, if its rows are stored."""
        with self._translated():
            row = self._database.execute(
                "SELECT name, at, moved FROM file WHERE hash = ?", (digest,)
            ).fetchone()
        if row is None:
            return None
        name, at, moved = row
        return TakenFile(name, datetime.fromtimestamp(at, UTC), bool(moved))

    def take_file(self, digest: str, name: str, now: datetime) -> None:
        """All rows of this file are stored; it stands where it stood."""
        with self._transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO file VALUES (?, ?, ?, 0)",
                (digest, legible(name), now.timestamp()),
            )

    def moved(self, digest: str) -> None:
        """The file was moved away: another one of this content is a repeat."""
        with self._transaction():
            self._database.execute("UPDATE file SET moved = 1 WHERE hash = ?", (digest,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated(), transaction(self._database):
            yield

    def _translated(self) -> AbstractContextManager[None]:
        return translated(str(self._path), self._damaged)

    def _damaged(self, error: sqlite3.Error) -> Exception:
        return MisconfiguredError(
            f"{self._path} is damaged: {error}; rename it and start again: until then repeats are "
            "not recognised, so what was sent in the last 7 days counts again if it is sent again"
        )
