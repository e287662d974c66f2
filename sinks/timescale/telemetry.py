"""How long telemetry is kept at each resolution, and what that takes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

_HAS_JOBS = "SELECT to_regprocedure('stored_table(text)') IS NOT NULL"
_KEPT = """
    SELECT level, kept.keep, kept.dropped_before,
           CASE level WHEN 'raw' THEN ARRAY['sample'] ELSE coalesce(made.names, '{}') END AS names,
           made.refreshed_at
    FROM telemetry_retention AS kept LEFT JOIN (
        SELECT level, array_agg(name ORDER BY name) AS names, min(refreshed_at) AS refreshed_at
        FROM stored_aggregate GROUP BY level) AS made USING (level)
    ORDER BY "position"
"""
_SIZES = """
    SELECT kept.level, min(range_start) AS oldest, count(range_start) AS chunks,
           count(*) FILTER (WHERE is_compressed) AS compressed_chunks,
           (SELECT coalesce(sum(hypertable_size(one)), 0)::bigint
            FROM unnest(telemetry_tables(kept.level)) AS one) AS bytes
    FROM telemetry_retention AS kept LEFT JOIN timescaledb_information.chunks
        ON format('%I.%I', hypertable_schema, hypertable_name)::regclass
            = ANY (telemetry_tables(kept.level))
    GROUP BY kept.level
"""
_SET = "UPDATE telemetry_retention SET keep = %s WHERE level = %s"
_ZONES = "SELECT DISTINCT time_zone FROM plant_file WHERE time_zone IS NOT NULL ORDER BY 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A resolution of telemetry; without TimescaleDB nothing is stored of it: sizes are None."""

    level: str
    names: list[str]
    """The table or views."""
    keep: timedelta | None
    """None: it is never dropped."""
    dropped_before: datetime | None
    refreshed_at: datetime | None
    oldest: datetime | None = None
    """Beginning of the oldest chunk."""
    chunks: int | None = None
    compressed_chunks: int | None = None
    bytes: int | None = None


async def telemetry(settings: DatabaseSettings) -> list[Kept]:
    """What is kept of live telemetry, finest first; days of all plant files' zones are made."""
    async with await connect(settings) as connection:
        with translated(settings):
            await _make_days(connection)
            return await _kept(connection)


async def set_keep(settings: DatabaseSettings, changes: dict[str, timedelta | None]) -> None:
    """Keep these levels for so long from now on, all of them or none.

    Raises:
        MisconfiguredError: there is no such level, or the span is too short.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            try:
                async with connection.transaction():
                    for level, keep in changes.items():
                        cursor = await connection.execute(_SET, (keep, level))
                        if cursor.rowcount != 1:
                            raise MisconfiguredError(
                                f"there is no level {level!r}: raw, 1m, 5m, 15m, 1h, 1d"
                            )
            except psycopg.errors.CheckViolation as error:
                raise MisconfiguredError(
                    "telemetry has to be kept for 2 days at least: days of a time zone are"
                    " computed from it"
                ) from error


async def _kept(connection: AsyncConnection) -> list[Kept]:
    rows = await _rows(connection, _KEPT)
    sizes = await _rows(connection, _SIZES) if await _has_jobs(connection) else []
    by_level = {row["level"]: row for row in sizes}
    return [Kept(**row | by_level.get(row["level"], {})) for row in rows]


async def _make_days(connection: AsyncConnection) -> None:
    for row in await _rows(connection, _ZONES):
        await connection.execute("CALL telemetry_days_in(%s)", (row["time_zone"],))


async def _has_jobs(connection: AsyncConnection) -> bool:
    return await (await connection.execute(_HAS_JOBS)).fetchone() == (True,)


async def _rows(connection: AsyncConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query.encode())
    return [
        {
            name: value.astimezone(UTC) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in await cursor.fetchall()
    ]
