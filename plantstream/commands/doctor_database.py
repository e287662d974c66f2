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
from sinks.timescale import fitness
from sinks.timescale.connection import connect, translated
from sinks.timescale.fitness import Facts
from sinks.timescale.migrate import FileStatus, scripts, status
from sinks.timescale.probe import ask
from sinks.timescale.read import positions

CLOCK_APART_S = 2.0
MIGRATE = "run: plantstream db migrate"
_WHO = "SELECT current_setting('server_version'), clock_timestamp(), pg_is_in_recovery()"
_READ_ONLY = "SHOW transaction_read_only"
_EDITIONS = {"timescale": "Community edition", "apache": "Apache edition"}


@dataclass(frozen=True, slots=True)
class Server:
    """What the database says of itself."""

    version: str
    clock: datetime
    """Its clock minus ours is `apart_s`."""
    apart_s: float
    takes_writes: bool
    facts: Facts


async def look(settings: DatabaseSettings) -> Server:
    """One visit to the database."""
    async with await connect(settings) as connection:
        with translated(settings):
            asked = clock.now()
            row = await (await connection.execute(_WHO)).fetchone()
            answered = clock.now()
            read_only = await (await connection.execute(_READ_ONLY)).fetchone()
            facts = await ask(connection)
    version, said, standby = row or ("unknown", answered, False)
    middle = asked + (answered - asked) / 2
    takes_writes = not standby and read_only == ("off",)
    return Server(version, said, (said - middle).total_seconds(), takes_writes, facts)


async def database_findings(settings: DatabaseSettings) -> Sequence[Finding]:
    """Everything but positions."""
    server = await look(settings)
    files, refused = await _migrations(settings)
    applied = [one.file for one in files if one.applied_at is not None]
    plain = fitness.is_plain(server.facts, applied)
    faults = [
        *fitness.bookkeeping_faults(server.facts),
        *fitness.server_faults(server.facts, plain=plain),
        *pending_faults(server.facts, files),
        *fitness.writing_faults(server.facts),
    ]
    return [
        answer_finding(settings, server),
        *(
            []
            if any(one.subject == "timescaledb" for one in faults)
            else [timescale_finding(server)]
        ),
        *(fail(one.subject, one.what, one.advice) for one in faults),
        refused or migrations_finding(files, plain=plain),
        clock_finding(server),
    ]


def answer_finding(settings: DatabaseSettings, server: Server) -> Finding:
    """Whether it takes what the sink has."""
    where = f"{settings.host}:{settings.port}"
    if not server.takes_writes:
        return fail(
            "database",
            f"{where} takes no writes: a standby, or default_transaction_read_only is on",
            "name the primary, or all hosts with commas, in PLANTSTREAM_DATABASE_HOST: the sink"
            " takes the one that can be written",
        )
    return ok("database", f"{where} answers: PostgreSQL {server.version}")


def pending_faults(facts: Facts, files: Sequence[FileStatus]) -> list[fitness.Fault]:
    """What would be in the way of migrations that are missing."""
    missing = {one.file for one in files if one.applied_at is None}
    plain = fitness.is_plain(facts, [one.file for one in files if one.applied_at is not None])
    known = scripts()
    pending = [one for one in scripts(plain=plain) if one.name in missing]
    applied = [one for one in known if one.name not in missing]
    return fitness.migration_faults(facts, pending, applied)


def timescale_finding(server: Server) -> Finding:
    """Which TimescaleDB."""
    if server.facts.timescale is None:
        return warn(
            "timescaledb",
            "is not installed here: telemetry is neither compressed nor thinned out",
            "install it and run: plantstream db migrate; plain PostgreSQL is for tests",
        )
    licence = server.facts.license or ""
    edition = _EDITIONS.get(licence, f"licence {licence}")
    return ok("timescaledb", f"{server.facts.timescale}, {edition}")


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


async def _migrations(
    settings: DatabaseSettings,
) -> tuple[Sequence[FileStatus], Finding | None]:
    """The files, or why nobody can say."""
    try:
        return await asyncio.to_thread(status, settings), None
    except MisconfiguredError as error:
        return [], fail("migrations", str(error), "mend that; nothing was changed")
