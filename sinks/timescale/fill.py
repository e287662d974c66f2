"""Fills a database with a made-up plant, in SQL: what dashboards are asked over, at any scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

from psycopg import Connection

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from schemas.model import PlantPublished
from schemas.plant.load import load_plant
from sinks.timescale import fill_statements as statements
from sinks.timescale.connection import connect, connect_blocking, translated
from sinks.timescale.plant_files import PLANT_FILES
from sinks.timescale.rows import Rows
from sinks.timescale.store import store_rows

MACHINES, TAGS = 50, 1_000
"""At scale 1."""
RAW = timedelta(days=2)
"""Before that, only quarters of an hour are kept of telemetry."""
EVERY_S = 10
AT_ONCE = 100_000
"""About so many rows a statement, and a transaction."""
QUARTER = timedelta(minutes=15)
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Filling:
    """How much is made, and until when."""

    days: int
    scale: float
    until: datetime

    @property
    def machines(self) -> int:
        """At least one."""
        return max(1, round(MACHINES * self.scale))

    @property
    def tags(self) -> int:
        """The same number at every machine."""
        return self.machines * max(1, round(TAGS * self.scale / self.machines))

    @property
    def begins(self) -> datetime:
        """The first minute; a quarter of an hour begins there."""
        return _quarter(self.until - timedelta(days=self.days))

    @property
    def raw_begins(self) -> datetime:
        """The first sample; a quarter of an hour begins there."""
        return max(self.begins, _quarter(self.until - RAW))

    def parts(self) -> "list[Part]":
        """What is stored, in this order."""
        return [
            Part("facts", statements.CELLS, self.begins, self.until, self.machines * 1440),
            Part("stops", statements.STOPS, self.begins, self.until, self.machines * 15),
            Part("15m", statements.QUARTERS, self.begins, self.raw_begins, self.tags * 96),
            Part(
                "raw", statements.SAMPLES, self.raw_begins, self.until, self.tags * DAY_S // EVERY_S
            ),
        ]

    def rows(self) -> int:
        """About so many are stored."""
        return sum(
            int(one.rows_a_day * (one.ends - one.begins).total_seconds() / DAY_S)
            for one in self.parts()
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind, over a range of time."""

    name: str
    statement: LiteralString
    begins: datetime
    ends: datetime
    rows_a_day: int

    def steps(self) -> Iterator[tuple[datetime, datetime]]:
        """The range in pieces of whole quarters of an hour, of `AT_ONCE` rows or a day."""
        quarters = max(1, min(96, AT_ONCE * 96 // self.rows_a_day))
        at = self.begins
        while at < self.ends:
            yield at, min(at + quarters * QUARTER, self.ends)
            at += quarters * QUARTER


def _quarter(at: datetime) -> datetime:
    return at - (at - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER


async def publish_plant(settings: DatabaseSettings, filling: Filling) -> None:
    """Store the plant file of the made-up plant, so that views and dashboards know its machines."""
    text = statements.plant_text(filling.machines)
    published = PlantPublished(
        site=statements.SITE,
        plant_version=load_plant(text, "fill.yaml").version,
        file="fill.yaml",
        text=text,
        published_at=filling.begins,
    )
    async with await connect(settings) as connection:
        with translated(settings):
            await store_rows(
                connection, Rows(by_table={PLANT_FILES: [PLANT_FILES.row_of(published)]})
            )


def require_empty(settings: DatabaseSettings) -> None:
    """Refuse a database with anybody's live rows, or without what keeps aggregates.

    Raises:
        MisconfiguredError: it is such a database.
    """
    with connect_blocking(settings) as connection, translated(settings):
        where = f"database {settings.name} at {settings.host}:{settings.port}"
        for table in ("sample", "oee_cell", "machine_event", "stop"):
            of_live = b"" if table == "sample" else b" WHERE run = ''"
            row = connection.execute(
                b"SELECT equipment FROM " + table.encode() + of_live + b" LIMIT 1"
            ).fetchone()
            if row is not None:
                raise MisconfiguredError(
                    f"{where} holds live rows already ({table} of {row[0]}): made-up rows would "
                    "stand among real ones. Name an empty database by PLANTSTREAM_DATABASE_NAME, "
                    "or say --force where all of it may be thrown away"
                )


def require_timescale(settings: DatabaseSettings) -> None:
    """Refuse a database that computes aggregates when they are asked for.

    Raises:
        MisconfiguredError: it does.
    """
    with connect_blocking(settings) as connection, translated(settings):
        found = connection.execute(b"SELECT to_regproc('stored_table')").fetchone()
        if found is None or found[0] is None:
            raise MisconfiguredError(
                f"database {settings.name} at {settings.host}:{settings.port} keeps no aggregates: "
                "install TimescaleDB and run `plantstream db migrate` without --plain"
            )


def fill(settings: DatabaseSettings, filling: Filling) -> Iterator[tuple[str, int]]:
    """Store everything; gives of what kind each statement stored how many rows."""
    given = {"machines": filling.machines, "tags": filling.tags, "every": EVERY_S}
    with connect_blocking(settings) as connection, translated(settings):
        connection.execute(statements.RUNS, given)
        (table,) = connection.execute(b"SELECT stored_table('telemetry_15m')::text").fetchone() or (
            "",
        )
        for part in filling.parts():
            statement = part.statement.replace("telemetry_15m_stored", table).encode()
            for begins, ends in part.steps():
                done = connection.execute(statement, given | {"begins": begins, "ends": ends})
                yield part.name, done.rowcount
        connection.execute(statements.GONE, {"before": filling.raw_begins})


def add_up(settings: DatabaseSettings, filling: Filling) -> None:
    """Compute the aggregates, and compress what the policies would have compressed by now."""
    with connect_blocking(settings) as connection, translated(settings):
        moment = filling.until.isoformat()
        for job in ("refresh_aggregates", "compress_telemetry"):
            connection.execute(f'CALL {job}(0, \'{{"now": "{moment}"}}\')'.encode())
        _compress_cells(connection)
        connection.execute(b"ANALYZE")


def bytes_a_sample(settings: DatabaseSettings) -> tuple[float, float]:
    """Of raw telemetry, index included: as it is stored, and compressed; compresses all of it."""
    with connect_blocking(settings) as connection, translated(settings):
        number, before = connection.execute(statements.RAW_SIZE).fetchone() or (0, 0)
        connection.execute(statements.COMPRESS_RAW)
        _, after = connection.execute(statements.RAW_SIZE).fetchone() or (0, 0)
        return before / max(1, number), after / max(1, number)


def _compress_cells(connection: Connection) -> None:
    """As the policy does, which is a job of TimescaleDB's own."""
    found = connection.execute(statements.CELL_JOBS).fetchall()
    for (job,) in found:
        connection.execute(f"CALL run_job({int(job)})".encode())
