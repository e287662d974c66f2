"""How long a database with two million samples takes from the first migration to the newest."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings

NEEDS = Needs.DATABASE
ROWS = 2_000_000
AT_ONCE = 200_000
_FILL = """
    INSERT INTO sample (equipment, tag, unit, time, value, quality)
    SELECT 'bench/hall/a/l/machine-' || n %% 10, 't' || n / 10 %% 100, 'degC',
        timestamptz '2026-03-02 06:00Z' + n / 1000 * interval '10 s', n, 0
    FROM generate_series(%s::bigint, %s::bigint) AS n
"""
_TOTAL = "SELECT count(*), sum(value), min(time), max(time) FROM sample"


async def measure(settings: "DatabaseSettings") -> list[Figure]:
    """Two million rows in the oldest schema, brought to the newest; then the same without rows."""
    return [await asyncio.to_thread(_measure, settings)]


def _measure(settings: "DatabaseSettings") -> Figure:
    from sinks.timescale.connection import connect_blocking
    from sinks.timescale.migrate import roll_back

    first = _oldest(settings)
    with connect_blocking(settings) as sql:
        for start in range(0, ROWS, AT_ONCE):
            sql.execute(_FILL, (start, start + AT_ONCE - 1))
        before = sql.execute(_TOTAL).fetchone()
        seconds, files = _migrated(settings)
        after = sql.execute(_TOTAL).fetchone()
        if before != after or after is None or after[0] != ROWS:
            raise PlantstreamError(f"{before} was stored before the migration, {after} after it")
        sql.execute("TRUNCATE sample")
    roll_back(settings, keep=first)
    empty_s, _ = _migrated(settings)
    told = f"{files} files after {', '.join(first)} on {ROWS:,} rows: {seconds:.1f} s, no row lost"
    messages.print(f"{told}; on none {empty_s:.1f} s", markup=False)
    return Figure("migrate_s", seconds, empty_s)


def _oldest(settings: "DatabaseSettings") -> list[str]:
    """The schema as the first migration made it."""
    from sinks.timescale.migrate import MIGRATIONS, migrate

    with TemporaryDirectory() as folder:
        for file in MIGRATIONS.glob("001.*sql"):
            shutil.copy(file, folder)
        return migrate(settings, folder=Path(folder))


def _migrated(settings: "DatabaseSettings") -> tuple[float, int]:
    """Seconds to the newest schema, and how many files that took."""
    from sinks.timescale.migrate import migrate

    started = clock.monotonic()
    files = migrate(settings)
    return clock.monotonic() - started, len(files)
