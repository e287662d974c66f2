"""The sink of TimescaleDB: a batch, its marks and its positions in one transaction."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import psycopg
from psycopg import AsyncConnection

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.faults import FaultPoint
from plantstream.runtime.logs import get_logger
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings
from sinks.batch import Batch, Event
from sinks.errors import Place, RejectedRecordsError
from sinks.marks import Fresh, KnownMarks, marks_of, without_repeats
from sinks.position import Position
from sinks.sink import Written
from sinks.timescale import fitness, store
from sinks.timescale.connection import (
    connect_writable,
    decision,
    is_faulty_row,
    is_read_only,
    translated,
)
from sinks.timescale.migrate import scripts
from sinks.timescale.probe import ask
from sinks.timescale.rows import Rows, rows_of

_log = get_logger()
_TOLD = 10
"""Of the places at which events are missing, in one batch."""
_APPLIED = "SELECT file, sha256 FROM schema_migration"
_INTERNAL_ERROR = "XX000"
"""TimescaleDB says this of some values, too."""
_SEEN = 10_000
"""Runs and equipment in memory."""


class TimescaleSink:
    """Writes to one database, over one connection that is made anew when it breaks."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._connection: AsyncConnection | None = None
        self._marks = KnownMarks()
        self._seen: set[tuple[str, str]] = set()
        """Runs and equipment that are known to be stored."""
        self.copied = FaultPoint("sink.copied")
        """Rows are sent, and not committed."""

    async def open(self) -> None:
        """Connect, and refuse a database that is not fit, or a schema that is not ours."""
        connection = await self._connected()
        with translated(self._settings):
            facts = await ask(connection)
            applied = await _applied(connection, facts)
        _must_be_ours(applied)
        faults = fitness.server_faults(facts, plain=fitness.is_plain(facts, applied))
        if faults:
            raise MisconfiguredError(fitness.told(faults))
        _must_be_complete(applied)
        if faults := fitness.writing_faults(facts):
            raise MisconfiguredError(fitness.told(faults))

    async def positions(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Position]:
        """The stored positions of these partitions; what was known of them before is forgotten."""
        self._marks, self._seen = KnownMarks(), set()
        connection = await self._connected()
        with translated(self._settings):
            return await store.load_positions(connection, partitions)

    async def write(self, batch: Batch) -> Written:
        """Store the batch; see the port for what it raises."""
        try:
            async with self._transaction() as connection:
                fresh, rows = await self._store(connection, batch)
                await self.copied.reached()
        except psycopg.Error as error:
            if is_read_only(error):  # What was the primary is none now: look for the new one.
                await self.close()
            elif is_faulty_row(error) or error.sqlstate == _INTERNAL_ERROR:
                await self._refuse_culprits(batch, error)
            raise decision(error, self._settings) from error
        self._marks.stored(batch.spans, fresh.events, fresh.marks)
        if len(self._seen) > _SEEN:
            self._seen.clear()
        self._seen |= rows.seen
        _tell(fresh)
        return Written(rows.counts, fresh.repeats, fresh.holes)

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _store(self, connection: AsyncConnection, batch: Batch) -> tuple[Fresh, Rows]:
        await store.move_positions(connection, batch.spans)
        marks = self._marks.of(batch.spans, batch.events)
        marks |= await store.load_marks(connection, marks_of(batch.events) - marks.keys())
        fresh = without_repeats(batch.events, marks)
        rows = rows_of(fresh.events, batch.letters)
        rows.seen -= self._seen
        await store.store_rows(connection, rows)
        await store.save_marks(connection, fresh.marks)
        return fresh, rows

    async def _refuse_culprits(self, batch: Batch, error: psycopg.Error) -> None:
        """Find the events that cannot be stored, and refuse them.

        An internal error for every one of several events is the database's fault, not theirs.

        Raises:
            RejectedRecordsError: these are to be buried.
        """
        culprits = await self._culprits(batch.events)
        if culprits and (is_faulty_row(error) or len(culprits) < len(batch.events)):
            raise RejectedRecordsError(culprits) from error

    async def _culprits(self, events: Sequence[Event]) -> dict[Place, str]:
        """Halve the events until those that fail stand alone."""
        try:
            async with self._transaction(keep=False) as connection:
                await store.store_rows(connection, rows_of(events))
        except psycopg.Error as error:
            if not is_faulty_row(error) and error.sqlstate != _INTERNAL_ERROR:
                raise decision(error, self._settings) from error
            if len(events) == 1:
                return {events[0].place: str(error.diag.message_primary)}
        else:
            return {}
        half = len(events) // 2
        return await self._culprits(events[:half]) | await self._culprits(events[half:])

    async def _connected(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await connect_writable(self._settings)
        return self._connection

    @asynccontextmanager
    async def _transaction(self, *, keep: bool = True) -> AsyncIterator[AsyncConnection]:
        connection = await self._connected()
        async with connection.transaction(force_rollback=not keep):
            yield connection


async def _applied(connection: AsyncConnection, facts: fitness.Facts) -> dict[str, str]:
    """The applied migrations with their checksums."""
    if faults := fitness.bookkeeping_faults(facts):
        raise MisconfiguredError(fitness.told(faults))
    if not facts.bookkeeping:
        return {}
    return dict(await (await connection.execute(_APPLIED)).fetchall())


def _must_be_ours(applied: Mapping[str, str]) -> None:
    newer = applied.keys() - {script.name for script in scripts()}
    if newer:
        raise MisconfiguredError(
            f"the database has a newer schema ({min(newer)}) than this plantstream: upgrade it"
        )


def _must_be_complete(applied: Mapping[str, str]) -> None:
    for script in scripts():
        if not script.is_timescale and applied.get(script.name) != script.sha256:
            raise MisconfiguredError(
                f"the database lacks migration {script.name}, or has another one of that name:"
                " run `plantstream db migrate`"
            )


def _tell(fresh: Fresh) -> None:
    for mark, number in islice(fresh.lost.items(), _TOLD):
        _log.error(
            "events never arrived", number=number, before=fresh.marks[mark], **mark._asdict()
        )
