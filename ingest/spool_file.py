"""The spool's SQLite file: entries, ids, memory and positions change in one transaction."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.ports import Batch, Entry, Loss, Spooled
from ingest.spool_turns import moment, next_entries
from ingest.sqlite import transaction, translated
from plantstream.runtime.errors import MisconfiguredError
from schemas.topics import AUDIT_ENTRY, LAB, MODEL, OPERATOR

ENTRY_BYTES = 200
"""What an entry costs beside its value."""
KEPT = (MODEL.name, LAB.name, OPERATOR.name, AUDIT_ENTRY.name)
"""Topics whose entries are never dropped: nobody could say them again."""
RESCUED = "rescued"
"""Of a new spool: the damaged file from which it has not taken over everything yet."""
FORMAT = 1
"""Of the tables; a file of another format is refused."""

_TABLES = """
BEGIN;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE seq (topic TEXT NOT NULL, partition_key TEXT NOT NULL,
    next INTEGER NOT NULL, PRIMARY KEY (topic, partition_key)) STRICT, WITHOUT ROWID;
CREATE TABLE memory (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE position (input TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE loss (topic TEXT NOT NULL, partition_key TEXT NOT NULL,
    records INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
    PRIMARY KEY (topic, partition_key)) STRICT;
CREATE TABLE entry (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,
    partition_key TEXT NOT NULL, record_key TEXT NOT NULL, value BLOB NOT NULL,
    at TEXT NOT NULL, seq INTEGER, stored_at REAL NOT NULL) STRICT;
CREATE INDEX entry_turn ON entry (partition_key, number);
CREATE INDEX entry_model ON entry (number) WHERE topic = 'plant.model.v1';
PRAGMA user_version = 1;
COMMIT;
"""
_DROPPABLE = f"topic NOT IN {KEPT}"
_DROPPABLE_INDEX = f"CREATE INDEX IF NOT EXISTS entry_may_go ON entry (number) WHERE {_DROPPABLE}"
"""Read with every batch: of what is kept there may be a million entries. Older spools lack it."""
_OLDEST_DROPPABLE = f"""
SELECT number, topic, partition_key, at, length(value), stored_at FROM entry
WHERE {_DROPPABLE} ORDER BY number
"""  # noqa: S608 - names of our own topics


class DamagedError(Exception):
    """The file is no spool any more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a spool keeps; beyond that the oldest entries go first."""

    size_bytes: int | None = 1024**3
    age_s: float | None = 7 * 24 * 3600.0
    drops: bool = True
    """Beyond the size; a spool that does not is full instead, and inputs are read no further."""


class SpoolFile:
    """One open file; only one thread may use it at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._translated():
            self._database = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=0
            )
            self._prepare()

    def _prepare(self) -> None:
        run = self._database.execute
        try:
            run("PRAGMA locking_mode = EXCLUSIVE")
            run("PRAGMA journal_mode = WAL")
            run("PRAGMA synchronous = FULL")
            run("BEGIN IMMEDIATE")
            run("COMMIT")
            self._check()
            self._create_tables()
        except BaseException:
            self._database.close()
            raise

    def _check(self) -> None:
        (found,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(f"the spool {self._path} is damaged: {found}")

    def _create_tables(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._database.executescript(_TABLES)
        elif version != FORMAT:
            raise MisconfiguredError(
                f"the spool {self._path} has format {version}; this version of plantstream reads "
                f"{FORMAT}: let the version that wrote it empty it, or name another spool"
            )
        self._database.execute(_DROPPABLE_INDEX)

    def meta(self) -> dict[str, str]:
        """Source and epoch, or nothing in a new file."""
        return dict(self._select("SELECT name, value FROM meta"))

    def christen(self, source: str, epoch: str, predecessor: str | None = None) -> None:
        """Write who this spool belongs to, and from which damaged file it is to take over."""
        rows = [("source", source), ("epoch", epoch)]
        if predecessor:
            rows.append((RESCUED, predecessor))
        with self.transaction():
            self._database.executemany("INSERT INTO meta VALUES (?, ?)", rows)

    def seqs(self) -> dict[tuple[str, str], int]:
        """The next seq per topic and partition key."""
        rows = self._select("SELECT topic, partition_key, next FROM seq")
        return {(topic, key): number for topic, key, number in rows}

    def memory(self) -> dict[str, bytes]:
        """All memory rows."""
        return dict(self._select("SELECT name, value FROM memory"))

    def positions(self) -> dict[str, str]:
        """The position of each input."""
        return dict(self._select("SELECT input, value FROM position"))

    def losses(self) -> tuple[Loss, ...]:
        """What was dropped and is not explained yet."""
        rows = self._select("SELECT topic, partition_key, records, first, last FROM loss")
        return tuple(
            Loss(topic, key, records, moment(first), moment(last))
            for topic, key, records, first, last in rows
        )

    def held(self) -> tuple[int, int]:
        """How many entries wait, and their bytes."""
        sql = "SELECT count(*), coalesce(sum(length(value) + ?), 0) FROM entry"
        ((depth, size),) = self._select(sql, (ENTRY_BYTES,))
        return depth, size

    def newest(self) -> float | None:
        """When the newest entry was stored, by the clock of then (seconds since 1970)."""
        sql = "SELECT stored_at FROM entry ORDER BY number DESC LIMIT 1"
        return next((at for (at,) in self._select(sql)), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, on disk at the end."""
        with self._translated(), transaction(self._database):
            yield

    def store(self, batch: Batch, seqs: Mapping[tuple[str, str], int], stored_at: float) -> None:
        """Write a batch, and when (seconds since 1970); inside a transaction."""
        many = self._database.executemany
        many(
            "INSERT INTO entry (topic, partition_key, record_key, value, at, seq, stored_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [_row(entry, stored_at) for entry in batch.entries],
        )
        many(
            "INSERT OR REPLACE INTO seq VALUES (?, ?, ?)",
            [(topic, key, number) for (topic, key), number in seqs.items()],
        )
        many("INSERT OR REPLACE INTO memory VALUES (?, ?)", list(batch.memory.items()))
        many("INSERT OR REPLACE INTO position VALUES (?, ?)", list(batch.positions.items()))

    def explain(self, losses: Sequence[Loss]) -> None:
        """Forget losses that the receivers are told of; inside a transaction."""
        self._database.executemany(
            "DELETE FROM loss WHERE topic = ? AND partition_key = ?",
            [(loss.topic, loss.partition_key) for loss in losses],
        )

    def drop(
        self, kept: Collection[int], excess_bytes: int, stored_before: float
    ) -> tuple[int, int]:
        """Drop the oldest entries, but not those kept, until so many bytes are free.

        Those stored before the given time go in any case; plant files and records of people stay.
        Gives how many entries went, and their bytes; keeps a note of the loss. Inside a
        transaction.
        """
        rows = self._database.execute(_OLDEST_DROPPABLE)
        freed, numbers, losses = 0, [], []
        for number, topic, key, at, length, stored_at in rows:
            if freed >= excess_bytes and stored_at >= stored_before:
                break
            if number in kept:
                continue
            freed += length + ENTRY_BYTES
            numbers.append((number,))
            losses.append((topic, key, at, at))
        rows.close()
        self._database.executemany("DELETE FROM entry WHERE number = ?", numbers)
        self._database.executemany(
            "INSERT INTO loss VALUES (?, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET"
            " records = records + 1, first = min(first, excluded.first),"
            " last = max(last, excluded.last)",
            losses,
        )
        return len(numbers), freed

    def next(self, limit: int, turn: str) -> tuple[list[Spooled], str]:
        """About `limit` entries of at most `BATCH_BYTES` together, and who had the last turn."""
        with self._translated():
            return next_entries(self._rows, limit, turn)

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._database.execute(sql, values).fetchall()

    def remove(self, entries: Sequence[Spooled]) -> tuple[int, int]:
        """Forget entries; gives how many there were, and their bytes.

        This one commit need not reach the disk at once: what comes back after a power cut is sent
        again under the same id.
        """
        with self._translated():
            self._database.execute("PRAGMA synchronous = NORMAL")
            try:
                with transaction(self._database):
                    gone = self._database.executemany(
                        "DELETE FROM entry WHERE number = ?", [(one.number,) for one in entries]
                    ).rowcount
            finally:
                self._database.execute("PRAGMA synchronous = FULL")
        return gone, sum(len(one.entry.value) + ENTRY_BYTES for one in entries)

    def rescue(self, readable: Callable[[Path], Iterable[Batch]], stored_at: float) -> None:
        """Take over what can be read of a damaged predecessor: all of it, or at the next start."""
        predecessor = self.meta().get(RESCUED)
        if predecessor is None:
            return
        with self.transaction():
            for batch in readable(Path(predecessor)):
                self.store(batch, {}, stored_at)
            self._database.execute("DELETE FROM meta WHERE name = ?", (RESCUED,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _select(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with self._translated():
            return self._database.execute(sql, values).fetchall()

    def _translated(self) -> AbstractContextManager[None]:
        return translated(f"the spool {self._path}", self._damaged)

    def _damaged(self, error: sqlite3.Error) -> Exception:
        return DamagedError(f"the spool {self._path} is damaged: {error}")


def _row(entry: Entry, stored_at: float) -> tuple[object, ...]:
    return (
        entry.topic,
        entry.partition_key,
        entry.record_key,
        entry.value,
        entry.at.isoformat(timespec="microseconds"),
        entry.seq,
        stored_at,
    )
