"""Questions that the commands ask of the database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.answers import Level, Place
from sinks.timescale.connection import connect, translated
from sinks.timescale.places import StoredRun, find_place, stored_runs

Period = Literal["minute", "hour", "shift", "batch", "day"]

_POSITIONS = """
    SELECT topic, partition, next, cluster_id, broker_time_ms, stored_at
    FROM sink_position ORDER BY topic, partition
"""


@dataclass(frozen=True, slots=True)
class OeeQuestion:
    """OEE of a machine, line, area or site (its id or its path), by windows that meet a span."""

    name: str
    by: Period
    start: datetime | None = None
    end: datetime | None = None
    run: str | None = None
    """None: live, or the newest run of what has no live data."""
    level: Level = "equipment"


@dataclass(frozen=True, slots=True)
class OeeAnswer:
    """The rows of the view, oldest first, and which place and run they are of."""

    place: str
    run: str
    rows: list[dict[str, Any]]


async def oee(settings: DatabaseSettings, question: OeeQuestion) -> OeeAnswer:
    """OEE as the views give it; times are UTC.

    Raises:
        MisconfiguredError: nothing is stored of this place or run.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            place = await find_place(connection, question.level, question.name, question.run)
            return OeeAnswer(place.path, place.run, await _windows(connection, question, place))


async def runs(settings: DatabaseSettings, equipment: str) -> list[StoredRun]:
    """The runs of an equipment: live first, then the newest."""
    async with await connect(settings) as connection:
        with translated(settings):
            return await stored_runs(connection, "equipment", equipment)


async def positions(settings: DatabaseSettings) -> list[dict[str, Any]]:
    """How far each partition is stored."""
    async with await connect(settings) as connection:
        with translated(settings):
            cursor = await connection.cursor(row_factory=dict_row).execute(_POSITIONS)
            return [_in_utc(row) for row in await cursor.fetchall()]


async def _windows(
    connection: AsyncConnection, question: OeeQuestion, place: Place
) -> list[dict[str, Any]]:
    of_machines = question.level == "equipment"
    view = f"oee_by_{question.by}" if of_machines else f"oee_{question.level}_by_{question.by}"
    who = "equipment" if of_machines else "place"
    query = f"""
        SELECT * FROM {view}
        WHERE run = %(run)s AND {who} = %(path)s
            AND (%(start)s::timestamptz IS NULL OR window_end > %(start)s)
            AND (%(end)s::timestamptz IS NULL OR window_start < %(end)s)
        ORDER BY window_start, batch, shift
        """  # noqa: S608 - names of our own views
    cursor = await connection.cursor(row_factory=dict_row).execute(
        query.encode(),
        {"run": place.run, "path": place.path, "start": question.start, "end": question.end},
    )
    return [_in_utc(row) for row in await cursor.fetchall()]


def _in_utc(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
