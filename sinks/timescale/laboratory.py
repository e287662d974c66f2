"""What the views say of a laboratory: rates by product, releases, open deviations of results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated

_RATES = """
    SELECT product, passed, judged FROM compliance_by_product
    WHERE run = %(run)s AND period = '30d' AND area IS NULL AND test IS NULL
"""
_RELEASES = """
    SELECT product, batch, ended_at, disposition FROM batch_release WHERE run = %(run)s
"""
_OPEN = """
    SELECT deviation, result, state FROM deviations_open
    WHERE run = %(run)s AND cause <> 'excursion'
"""
_CLOSED = """
    SELECT count(*) AS number FROM deviation
    WHERE run = %(run)s AND state = 'closed' AND NOT withdrawn AND cause <> 'excursion'
"""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch on its way to its release."""

    product: str
    batch: str
    ended_at: datetime | None
    disposition: str | None


@dataclass(frozen=True, slots=True)
class StoredLaboratory:
    """A laboratory by its views."""

    rates: Mapping[str, tuple[int, int]]
    """Within and judged in the last 30 days, by product."""
    batches: Sequence[StoredBatch]
    open_deviations: Mapping[str, str]
    """State by the statement of the result that opened it."""
    closed_deviations: int


async def stored_laboratory(settings: DatabaseSettings, run: str = "") -> StoredLaboratory:
    """What is stored of this run."""
    async with await connect(settings) as connection:
        with translated(settings):
            rates = await _rows(connection, _RATES, run)
            batches = await _rows(connection, _RELEASES, run)
            deviations = await _rows(connection, _OPEN, run)
            closed = await _rows(connection, _CLOSED, run)
    return StoredLaboratory(
        rates={row["product"]: (row["passed"], row["judged"]) for row in rates},
        batches=[_batch(row) for row in batches],
        open_deviations={row["result"]: row["state"] for row in deviations},
        closed_deviations=closed[0]["number"],
    )


def _batch(row: dict[str, Any]) -> StoredBatch:
    ended = row["ended_at"]
    at = None if ended is None else ended.astimezone(UTC)
    return StoredBatch(row["product"], row["batch"], at, row["disposition"])


async def _rows(connection: AsyncConnection, query: str, run: str) -> list[dict[str, Any]]:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(query.encode(), {"run": run})
    return await cursor.fetchall()
