"""Questions about holds, and about what was deleted."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import class_row

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

_HOLDS = """
    SELECT site, batch, hold, reason, held_by, held_at, released_by, released_at, release_reason
    FROM batch_holds
    WHERE (%(site)s::text IS NULL OR site = %(site)s)
        AND (%(batch)s::text IS NULL OR batch = %(batch)s)
    ORDER BY held_at, site, batch, hold
"""
_IS_KNOWN = """
    SELECT EXISTS (
        SELECT FROM batch_made WHERE run = '' AND site = %(site)s AND batch = %(batch)s
        UNION ALL
        SELECT FROM batch_progress WHERE run = '' AND site = %(site)s AND batch = %(batch)s
        UNION ALL
        SELECT FROM test_result WHERE run = '' AND site = %(site)s AND batch = %(batch)s
        UNION ALL
        SELECT FROM batch_cycle
        WHERE run = '' AND starts_with(equipment, %(site)s || '/') AND batch = %(batch)s
    )
"""
_DELETED = """
    SELECT max(deleted_at) FROM batch_deletion WHERE site = %(site)s AND batch = %(batch)s
"""


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold on the record of a batch, and what ended it."""

    site: str
    batch: str
    hold: str
    reason: str
    held_by: str
    held_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None

    @property
    def stands(self) -> bool:
        """Whether it holds the record now."""
        return self.released_at is None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """Whether anything is stored of a batch, and when its record was deleted."""

    is_known: bool
    deleted_at: datetime | None


async def stored_holds(
    settings: DatabaseSettings, site: str | None = None, batch: str | None = None
) -> list[StoredHold]:
    """The holds of a site or batch, oldest first."""
    async with await connect(settings) as connection:
        with translated(settings):
            cursor = connection.cursor(row_factory=class_row(StoredHold))
            await cursor.execute(_HOLDS, {"site": site, "batch": batch})
            return await cursor.fetchall()


async def stored_batch(settings: DatabaseSettings, site: str, batch: str) -> StoredBatch:
    """What is known of a batch."""
    async with await connect(settings) as connection:
        with translated(settings):
            given = {"site": site, "batch": batch}
            return StoredBatch(
                bool(await _value(connection, _IS_KNOWN, given)),
                await _value(connection, _DELETED, given),  # type: ignore[arg-type]
            )


async def _value(connection: AsyncConnection, query: str, given: dict[str, str]) -> object:
    row = await (await connection.execute(query.encode(), given)).fetchone()
    return row and row[0]
