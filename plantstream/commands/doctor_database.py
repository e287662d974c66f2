"""What the doctor asks of the database: is it there, which one, migrated, at our time, our log."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from plantstream.commands.findings import Finding, fail, ok, warn
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, PlantstreamError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import connect, translated
from sinks.timescale.migrate import FileStatus, status
from sinks.timescale.read import positions

CLOCK_APART_S = 2.0
MIGRATE = "run: plantstream db migrate"
_WHO = """
    SELECT current_setting('server_version'), clock_timestamp(),
        (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
        current_setting('timescaledb.license', true)
"""
_EDITIONS = {"timescale": "Community edition", "apache": "Apache edition"}


@dataclass(frozen=True, slots=True)
class Server:
    """What the database says of itself."""

    version: str
    clock: datetime
    """Its clock minus ours is `apart_s`."""
    apart_s: float
    timescale: str | None
    license: str | None


async def look(settings: DatabaseSettings) -> Server:
    """One visit to the database."""
    async with await connect(settings) as connection:
        with translated(settings):
            asked = clock.now()
            row = await (await connection.execute(_WHO)).fetchone()
            answered = clock.now()
    version, said, timescale, licence = row or ("unknown", answered, None, None)
    middle = asked + (answered - asked) / 2
    return Server(version, said, (said - middle).total_seconds(), timescale, licence)


async def database_findings(settings: DatabaseSettings) -> Sequence[Finding]:
    """Everything but positions."""
    server = await look(settings)
    return [
        ok("database", f"{settings.host}:{settings.port} answers: PostgreSQL {server.version}"),
        timescale_finding(server),
        await _migrations(settings, plain=server.timescale is None),
        clock_finding(server),
    ]


def timescale_finding(server: Server) -> Finding:
    """Which TimescaleDB."""
    if server.timescale is None:
        return warn(
            "timescaledb",
            "is not installed here: telemetry is neither compressed nor thinned out",
            "install it and run: plantstream db migrate; plain PostgreSQL is for tests",
        )
    edition = _EDITIONS.get(server.license or "", f"licence {server.license}")
    return ok("timescaledb", f"{server.timescale}, {edition}")


def clock_finding(server: Server) -> Finding:
    """Whether the database's clock is ours."""
    ours = f"{clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    apart = abs(server.apart_s)
    what = (
        f"{ours} here, the database is {apart:.1f} s {'ahead' if server.apart_s > 0 else 'behind'}"
    )
    if apart > CLOCK_APART_S:
        return warn("clock", what, "have both set their clocks by NTP")
    return ok("clock", what)


def migrations_finding(files: Sequence[FileStatus], *, plain: bool) -> Finding:
    """What is missing; plain PostgreSQL needs no files of TimescaleDB."""
    needed = [one for one in files if not (plain and one.file.endswith(".timescale.sql"))]
    missing = [one.file for one in needed if one.applied_at is None]
    if missing:
        return fail("migrations", f"missing: {', '.join(missing)}", MIGRATE)
    return ok("migrations", f"all {len(needed)} are applied")


async def positions_findings(settings: DatabaseSettings, cluster_id: str) -> Sequence[Finding]:
    """Whether what is stored came from this cluster: the sink refuses any other."""
    try:
        return [positions_finding(await positions(settings), cluster_id)]
    except PlantstreamError:
        return []  # Other findings say that there is no database, or that it has no tables.


def positions_finding(stored: Sequence[Mapping[str, Any]], cluster_id: str) -> Finding:
    """The first stored position that is of another cluster."""
    for row in stored:
        if row["cluster_id"] != cluster_id:
            return fail(
                "positions",
                f"{row['topic']}/{row['partition']} was stored from cluster {row['cluster_id']}, "
                f"and this is {cluster_id}: the sink stops",
                "connect the right ones, or accept the loss with: "
                f"plantstream db accept-loss {row['topic']} {row['partition']}",
            )
    return ok("positions", f"{len(stored)} partitions are stored, all from this cluster")


async def _migrations(settings: DatabaseSettings, *, plain: bool) -> Finding:
    try:
        return migrations_finding(await asyncio.to_thread(status, settings), plain=plain)
    except MisconfiguredError as error:
        return fail("migrations", str(error), "mend that; nothing was changed")
