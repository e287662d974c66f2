"""What a person at the line wants to see at once: state, time and counts per equipment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import dict_row

from plantstream.runtime.settings import DatabaseSettings
from schemas.kpi import Quantities, StopCounts, TimeElements
from sinks.timescale.connection import connect, translated

_TIMES = tuple(TimeElements.model_fields)
_QUANTITIES = tuple(Quantities.model_fields)
_STOPS = tuple(StopCounts.model_fields)
_FACTS = (*_TIMES, *_QUANTITIES, *_STOPS)


@dataclass(frozen=True, slots=True)
class Overview:
    """All live facts of one equipment, summed up, and the state it said last."""

    equipment: str
    category: str | None
    batch: str | None
    start: datetime
    end: datetime
    """Until when its time is booked."""
    time: TimeElements
    quantities: Quantities
    stops: StopCounts
    reasons: Mapping[tuple[str, str], float]
    """Seconds of planned time by category and reason."""


async def overviews(settings: DatabaseSettings, run: str = "") -> list[Overview]:
    """One row per equipment of this run, by path."""
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in _FACTS)
    query = f"""
        SELECT equipment, min(start) AS first, max("end") AS last, {sums},
            (SELECT category FROM machine_event event
                WHERE event.run = cell.run AND event.equipment = cell.equipment
                    AND type = 'state_changed' ORDER BY time DESC, seq DESC LIMIT 1) AS category,
            (SELECT batch FROM oee_cell newest
                WHERE newest.run = cell.run AND newest.equipment = cell.equipment
                ORDER BY minute DESC, "end" DESC LIMIT 1) AS batch,
            (SELECT jsonb_agg(said) FROM (
                SELECT category, reason, sum(seconds) AS seconds FROM pareto
                WHERE pareto.run = cell.run AND pareto.equipment = cell.equipment
                    AND reason IS NOT NULL
                GROUP BY category, reason HAVING sum(seconds) <> 0) AS said) AS said
        FROM oee_cell cell WHERE run = %(run)s GROUP BY run, equipment ORDER BY equipment
        """  # noqa: S608 - names of our own columns
    async with await connect(settings) as connection:
        with translated(settings):
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(query, {"run": run})
            return [_overview(row) for row in await cursor.fetchall()]


async def count_samples(settings: DatabaseSettings) -> int:
    """How many live samples are stored, for a rate."""
    async with await connect(settings) as connection:
        with translated(settings):
            cursor = await connection.execute("SELECT count(*) FROM sample")
            row = await cursor.fetchone()
            return int(row[0]) if row else 0


def _overview(row: dict[str, Any]) -> Overview:
    return Overview(
        equipment=row["equipment"],
        category=row["category"],
        batch=row["batch"] or None,
        start=row["first"].astimezone(UTC),
        end=row["last"].astimezone(UTC),
        time=TimeElements(**{name: row[name] for name in _TIMES}),
        quantities=Quantities(**{name: row[name] for name in _QUANTITIES}),
        stops=StopCounts(**{name: row[name] for name in _STOPS}),
        reasons={(one["category"], one["reason"]): one["seconds"] for one in row["said"] or ()},
    )
