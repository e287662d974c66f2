"""Whether a database is fit for us: what is wrong with it, and how a person mends it. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from sinks.timescale.script import Script

OLDEST_POSTGRES = 15
OLDEST_TIMESCALE = (2, 15)
WRITER = "plantstream_writer"
ROLES = ("plantstream_owner", WRITER, "plantstream_reader", "plantstream_auditor")
WRITTEN = ("sink_position", "sink_mark", "run_equipment", "sample", "machine_event", "dead_letter")
"""Tables that every sink needs; who may write them may write the others."""

_CREATED = re.compile(r"^CREATE\s+(?:MATERIALIZED\s+VIEW|TABLE|VIEW)\s+(\w+)", re.MULTILINE)
_OWN_DATABASE = "give plantstream a database of its own (PLANTSTREAM_DATABASE_NAME)"
_TRIAL_BUILD = "Emscripten"
_LISTS = ("roles", "relations", "bookkeeping", "unwritable")
_NAMES_TOLD = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and how to mend it."""

    subject: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database says of itself and of us; the probe of `probe.py` asks for each."""

    built: str
    """As `version()` says it."""
    postgres: int
    """Major version."""
    database: str
    user: str
    schema: str | None
    """The one that new tables go to; None: the search path has none."""
    zone: str
    zone_is_utc: bool
    timescale: str | None
    """Version of the extension in this database."""
    available: str | None
    """Version of the extension that could be created."""
    license: str | None
    restoring: str | None
    workers: str | None
    """`timescaledb.max_background_workers`; None: the library is not loaded at start."""
    processes: int
    """`max_worker_processes`."""
    launcher: bool | None
    """Whether the launcher of background workers runs; None: we may not see."""
    may_create: bool
    may_create_roles: bool
    may_create_extension: bool
    roles: Sequence[str]
    relations: Sequence[str]
    """Tables and views in our schema."""
    bookkeeping: Sequence[str]
    """Columns of `schema_migration`."""
    may_read_bookkeeping: bool
    unwritable: Sequence[str]
    """Those of `WRITTEN` that we may not write."""

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        """From the probe's answer; what it did not find is an empty list."""
        found = {one.name: said[one.name] for one in fields(cls)}
        return cls(**found | {name: found[name] or () for name in _LISTS})


def server_faults(facts: Facts, *, plain: bool) -> list[Fault]:
    """What no command of ours can mend; plain leaves out what concerns TimescaleDB."""
    return [*_of_postgres(facts), *(() if plain else _of_timescale(facts))]


def migration_faults(
    facts: Facts, pending: Sequence[Script], applied: Collection[Script]
) -> list[Fault]:
    """Why these migrations would fail, found before the first one is tried."""
    return [*_of_names(facts, pending, applied), *_of_rights(facts, pending)]


def writing_faults(facts: Facts) -> list[Fault]:
    """Why a sink could not do its work on a schema that is complete."""
    if not facts.unwritable:
        return []
    tables = ", ".join(facts.unwritable)
    return [
        Fault(
            "rights",
            f"user {facts.user} may not write {tables}",
            f'as owner of the database: GRANT {WRITER} TO "{facts.user}"',
        )
    ]


def bookkeeping_faults(facts: Facts) -> list[Fault]:
    """Why the table of applied migrations cannot be what it should be."""
    if facts.bookkeeping and not {"file", "sha256", "applied_at"} <= set(facts.bookkeeping):
        what = "the table schema_migration is somebody else's: it lacks our columns"
        return [Fault("tables", what, _OWN_DATABASE)]
    if facts.bookkeeping and not facts.may_read_bookkeeping:
        what = f"user {facts.user}: permission denied for table schema_migration"
        advice = f'as owner of the database: GRANT {WRITER} TO "{facts.user}"'
        return [Fault("rights", what, advice)]
    return []


def is_plain(facts: Facts, applied: Collection[str]) -> bool:
    """Whether somebody chose to go without TimescaleDB: `db migrate --plain`."""
    return (
        facts.timescale is None
        and bool(applied)
        and not any(file.endswith(".timescale.sql") for file in applied)
    )


def told(faults: Sequence[Fault]) -> str:
    """All of them in one message."""
    return "; also, ".join(map(str, faults)) + ". Nothing was changed"


def _of_postgres(facts: Facts) -> Iterator[Fault]:
    if facts.postgres < OLDEST_POSTGRES:
        yield Fault(
            "database",
            f"PostgreSQL {facts.postgres} is too old",
            f"use PostgreSQL {OLDEST_POSTGRES} or newer",
        )
    if not facts.zone_is_utc:
        yield Fault(
            "time zone",
            f"the database's time zone is {facts.zone}, so hours and days would begin elsewhere",
            f"ALTER DATABASE \"{facts.database}\" SET TimeZone TO 'UTC' (and of the role, if it has"
            " one of its own), then connect anew; plants have their zone in the plant file",
        )


def _of_timescale(facts: Facts) -> Iterator[Fault]:
    package = f"timescaledb-2-postgresql-{facts.postgres}"
    if facts.timescale is None and facts.available is None:
        yield Fault(
            "timescaledb",
            "this server has no TimescaleDB",
            f"install the package {package}, set shared_preload_libraries = 'timescaledb' and"
            " restart the server; for tests only: plantstream db migrate --plain",
        )
        return
    found = facts.timescale or facts.available or ""
    if _numbers(found) < OLDEST_TIMESCALE:
        oldest = ".".join(map(str, OLDEST_TIMESCALE))
        yield Fault(
            "timescaledb",
            f"TimescaleDB {found} is too old, {oldest} is the oldest that will do",
            f"install a newer {package}, restart, and in a new session of psql -X: ALTER EXTENSION"
            " timescaledb UPDATE",
        )
    if facts.license == "apache":
        yield Fault(
            "timescaledb",
            "this TimescaleDB is of the Apache edition, without compression, continuous aggregates"
            " and policies",
            f"install {package} (not timescaledb-2-oss-…) and set timescaledb.license ="
            " 'timescale' in postgresql.conf",
        )
    yield from _of_workers(facts)


def _of_workers(facts: Facts) -> Iterator[Fault]:
    """The trial build has none, and says so: `up` calls the jobs there."""
    if facts.timescale is None or _TRIAL_BUILD in facts.built:
        return
    what = "TimescaleDB runs no background workers, so nothing is refreshed, compressed or dropped"
    if facts.restoring == "on":
        yield Fault("workers", what, "end the restore: SELECT timescaledb_post_restore()")
    elif facts.workers is None:
        advice = "set shared_preload_libraries = 'timescaledb' and restart the server"
        yield Fault("workers", what, advice)
    elif int(facts.workers) == 0:
        advice = "set timescaledb.max_background_workers to 16 and restart the server"
        yield Fault("workers", what, advice)
    elif facts.processes <= 1:
        advice = f"max_worker_processes is {facts.processes}: set it to 27 and restart the server"
        yield Fault("workers", what, advice)
    elif facts.launcher is False:
        advice = (
            "its launcher does not run: SELECT _timescaledb_functions.start_background_workers()"
        )
        yield Fault("workers", what, advice)


def _of_names(
    facts: Facts, pending: Sequence[Script], applied: Collection[Script]
) -> Iterator[Fault]:
    ours = _created_by(applied)
    taken = sorted(_created_by(pending) & set(facts.relations) - ours)
    if taken:
        names = ", ".join(taken[:_NAMES_TOLD])
        more = f" and {len(taken) - _NAMES_TOLD} more" if len(taken) > _NAMES_TOLD else ""
        what = f"there are tables of our names that we did not make: {names}{more}"
        yield Fault("tables", what, _OWN_DATABASE)


def _of_rights(facts: Facts, pending: Sequence[Script]) -> Iterator[Fault]:
    if not pending:
        return
    if not facts.may_create:
        where = f"schema {facts.schema}" if facts.schema else "any schema of its search path"
        yield Fault(
            "rights",
            f"user {facts.user} may not create tables in {where}",
            f'GRANT CREATE, USAGE ON SCHEMA {facts.schema or "public"} TO "{facts.user}", or'
            " migrate as the owner (PLANTSTREAM_DATABASE_USER)",
        )
    missing = [role for role in ROLES if role not in facts.roles]
    if missing and not facts.may_create_roles:
        yield Fault(
            "rights",
            f"user {facts.user} may not create the roles {', '.join(missing)}",
            f'ALTER ROLE "{facts.user}" CREATEROLE, or as superuser: '
            + "; ".join(f"CREATE ROLE {role} NOLOGIN" for role in missing),
        )
    needs = any(one.is_timescale for one in pending) and facts.timescale is None
    if needs and not facts.may_create_extension:
        yield Fault(
            "rights",
            f"user {facts.user} may not create the extension timescaledb",
            "as superuser, in this database: CREATE EXTENSION timescaledb",
        )


def _created_by(scripts: Collection[Script]) -> set[str]:
    return {
        name
        for script in scripts
        for statement in script.up.statements
        for name in _CREATED.findall(statement.sql)
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("-")[0])[:2])
