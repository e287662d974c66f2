"""How long the questions of dashboards take over 90 days of a plant, and what a sample costs."""

import asyncio
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages
from plantstream.commands.dashboard_questions import QUESTIONS
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import Connection

    from plantstream.runtime.settings import DatabaseSettings

NEEDS = Needs.DATABASE
DAYS, SCALE = 90, 0.1
DAY_BEGINS = timedelta(hours=6)
"""The night shift belongs to the production day before."""
ROUNDS = 5
"""The first time of a question is left out: it reads from disk, and dashboards ask again."""


async def measure(settings: "DatabaseSettings") -> list[Figure]:
    """A database that is filled first; every question by turns."""
    return await asyncio.to_thread(_measured, settings)


def _measured(settings: "DatabaseSettings") -> list[Figure]:
    from plantstream.commands.db_fill import filled
    from plantstream.runtime.clock import now
    from sinks.timescale.fill import Filling, bytes_a_sample
    from sinks.timescale.migrate import migrate

    migrate(settings)
    until = now().replace(second=0, microsecond=0)
    filling = Filling(DAYS, SCALE, until)
    rows = filled(settings, filling)
    messages.print(", ".join(f"{number:,} rows of {name}" for name, number in rows.items()))
    times, plain = ask(settings, until)
    for name, milliseconds in times.items():
        messages.print(f"{milliseconds:8.1f} ms  {name}")
    stored, compressed = bytes_a_sample(settings)
    messages.print(f"{stored:.1f} bytes a raw sample with its index, {compressed:.2f} compressed")
    average = sum(times.values()) / len(times)
    return [
        Figure("dashboard_avg_ms", average, plain),
        Figure("dashboard_max_ms", max(times.values()), plain),
    ]


def ask(settings: "DatabaseSettings", until: "datetime") -> tuple[dict[str, float], float]:
    """Milliseconds of each question at this moment (median), and of the plainest there is."""
    from sinks.timescale.connection import connect_blocking, translated

    with connect_blocking(settings) as connection, translated(settings):
        known = connection.execute(
            b"SELECT equipment FROM plant_equipment WHERE in_force ORDER BY 1"
        )
        machines = [path for (path,) in known.fetchall()]
        day = (until - DAY_BEGINS).date()
        given = {"until": until, "day": day, "machine": machines[0], "machines": machines}
        found = {name: _median(connection, sql, given) for name, sql in QUESTIONS.items()}
        return found, _median(connection, "SELECT 1", {})


def _median(connection: "Connection", sql: str, given: dict[str, Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = perf_counter()
        rows = connection.execute(sql.encode(), given).fetchall()
        times.append((perf_counter() - started) * 1000)
        if not rows or rows[0][-1] is None:
            raise PlantstreamError(f"a question of a dashboard has no answer: {sql}")
    return sorted(times[1:])[len(times[1:]) // 2]
