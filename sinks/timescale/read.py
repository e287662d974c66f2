"""Questions that the commands ask of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

Period = Literal["minute", "hour", "shift", "batch", "day"]

_VIEWS: dict[Period, LiteralString] = {
    "minute": "oee_by_minute",
    "hour": "oee_by_hour",
    "shift": "oee_by_shift",
    "batch": "oee_by_batch",
    "day": "oee_by_day",
}
_RUNS = """
    SELECT run, equipment, first_stored FROM run_equipment
    WHERE equipment = %(equipment)s OR split_part(equipment, '/', 5) = %(equipment)s
    ORDER BY run <> '', first_stored DESC, run
"""
_POSITIONS = """
    SELECT topic, partition, next, cluster_id, broker_time_ms, stored_at
    FROM sink_position ORDER BY topic, partition
"""


@dataclass(frozen=True, slots=True)
class OeeQuestion:
    """OEE of one equipment (its id or its whole path) and run, by windows that meet a span."""

    equipment: str
    by: Period
    start: datetime | None = None
    end: datetime | None = None
    run: str | None = None
    """None: live, or the newest run of an equipment without live data."""


@dataclass(frozen=True, slots=True)
class OeeAnswer:
    """The rows of the view, oldest first, and which equipment and run they are of."""

    equipment: str
    run: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run that has rows of an equipment; '' is live."""

    run: str
    equipment: str
    first_stored: datetime


async def oee(settings: DatabaseSettings, question: OeeQuestion) -> OeeAnswer:
    """OEE as the views give it; times are UTC.

    Raises:
        MisconfiguredError: nothing is stored of this equipment or run.
    """
    async with await connect(settings) as connection:
        with translated(settings):
            runs = await _runs(connection, question.equipment)
            chosen = _choose(runs, question)
            return OeeAnswer(
                chosen.equipment, chosen.run, await _windows(connection, question, chosen)
            )


async def runs(settings: DatabaseSettings, equipment: str) -> list[StoredRun]:
    """The runs of an equipment: live first, then the newest."""
    async with await connect(settings) as connection:
        with translated(settings):
            return await _runs(connection, equipment)


async def positions(settings: DatabaseSettings) -> list[dict[str, Any]]:
    """How far each partition is stored."""
    async with await connect(settings) as connection:
        with translated(settings):
            cursor = await connection.cursor(row_factory=dict_row).execute(_POSITIONS)
            return [_in_utc(row) for row in await cursor.fetchall()]


async def _runs(connection: AsyncConnection, equipment: str) -> list[StoredRun]:
    cursor = await connection.execute(_RUNS, {"equipment": equipment})
    return [
        StoredRun(run, path, stored.astimezone(UTC))
        for run, path, stored in await cursor.fetchall()
    ]


def _choose(runs: Sequence[StoredRun], question: OeeQuestion) -> StoredRun:
    for one in runs:
        if question.run is None or one.run == question.run:
            return one
    names = ", ".join(one.run or "live" for one in runs) or "none"
    raise MisconfiguredError(
        f"nothing is stored of equipment {question.equipment!r}"
        + (f" in run {question.run!r}" if question.run is not None else "")
        + f"; its runs: {names}"
    )


async def _windows(
    connection: AsyncConnection, question: OeeQuestion, chosen: StoredRun
) -> list[dict[str, Any]]:
    cursor = await connection.cursor(row_factory=dict_row).execute(
        "SELECT * FROM "  # noqa: S608 - names of our own views
        + _VIEWS[question.by]
        + """
        WHERE run = %(run)s AND equipment = %(equipment)s
            AND (%(start)s::timestamptz IS NULL OR window_end > %(start)s)
            AND (%(end)s::timestamptz IS NULL OR window_start < %(end)s)
        ORDER BY window_start, batch, shift
        """,
        {
            "run": chosen.run,
            "equipment": chosen.equipment,
            "start": question.start,
            "end": question.end,
        },
    )
    return [_in_utc(row) for row in await cursor.fetchall()]


def _in_utc(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
