"""What the sink needs while its database is away and samples pile up, and how fast it is after."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_replay import peak_rss_mb
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

NEEDS = Needs.KAFKA
SAMPLES = 3_000_000
ARRIVAL_PER_S = 20_000
INSTANT_SAMPLES = 1_000
"""Ten machines with a hundred tags each."""
BEFORE = 100
"""Instants that are stored before the database goes away."""
AT_ONCE = 100
BARE = 200
"""Instants that a bare COPY writes at the end, for comparison."""
AWAY_S = 15.0
"""After the last sample arrived."""
LOOK_EVERY_S = 0.25
WITHIN_S = 300
DATABASE_PORT, SINK_PORT = 26432, 26083
_WRONG = """
    SELECT count(*) FROM (
        SELECT equipment, tag FROM sample GROUP BY equipment, tag
        HAVING count(*) <> %(each)s OR count(DISTINCT time) <> %(each)s
            OR sum(value) <> %(total)s
    ) AS wrong
"""


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """A sink at work loses its database; it comes back when everything has arrived.

    Raises:
        PlantstreamError: a sample is missing or stands there twice, or the sink ended.
    """
    home = data_dir / "away"
    sink, at_rest = await _at_work(kafka, home)
    try:
        await _send(kafka, BEFORE, SAMPLES // INSTANT_SAMPLES - BEFORE)
        messages.print(f"{SAMPLES:,} samples have arrived; the database stays away a little longer")
        await asyncio.sleep(AWAY_S)
        away_mb = sink.peak_mb()
        per_s, bare_per_s = await _drained(kafka, home, sink)
        peak_mb = sink.peak_mb()
    finally:
        await sink.end()
    messages.print(f"peak memory {away_mb:.0f} MB without the database, {peak_mb:.0f} MB in all")
    return [
        Figure("sink_rss_mb", peak_mb, at_rest),
        Figure("sink_drain_ratio", per_s / ARRIVAL_PER_S, bare_per_s / ARRIVAL_PER_S),
    ]


async def _at_work(kafka: "KafkaSettings", home: Path) -> "tuple[Sink, float]":
    """A sink that has stored the first samples, and its memory; its database has gone."""
    async with _database(home) as database:
        sink = await Sink.started(kafka, database)
        try:
            await _send(kafka, 0, BEFORE)
            await sink.has_stored(database, kafka)
        except BaseException:
            await sink.end()
            raise
    return sink, sink.peak_mb()


async def _drained(kafka: "KafkaSettings", home: Path, sink: "Sink") -> tuple[float, float]:
    """Samples per second, from when the database answers again until it has all; of COPY, too."""
    from plantstream.commands.bench_frames import frames
    from plantstream.commands.bench_sink import by_copy

    waiting = SAMPLES - BEFORE * INSTANT_SAMPLES
    async with _database(home) as database:
        started = clock.monotonic()
        await sink.has_stored(database, kafka)
        seconds = clock.monotonic() - started
        await _must_be_whole(database)
        bare = await by_copy(database, frames(SAMPLES // INSTANT_SAMPLES, BARE))
    per_s = waiting / seconds
    messages.print(
        f"stored {waiting:,} samples in {seconds:.1f} s, {per_s:,.0f}/s, none lost and none twice;"
        f" a bare COPY writes {bare.per_s():,.0f}/s"
    )
    return per_s, bare.per_s()


@dataclass(frozen=True, slots=True)
class Sink:
    """`plantstream sink` in a process of its own."""

    process: asyncio.subprocess.Process

    @classmethod
    async def started(cls, kafka: "KafkaSettings", database: "DatabaseSettings") -> "Sink":
        """It reads at once, and needs no more than addresses."""
        from plantstream.embedded.child import die_with

        addresses = {
            "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PLANTSTREAM_DATABASE_HOST": database.host,
            "PLANTSTREAM_DATABASE_PORT": str(database.port),
        }
        nowhere = asyncio.subprocess.DEVNULL
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "plantstream", "sink", "--port", str(SINK_PORT)),
                env=os.environ | addresses,
                stdout=nowhere,
                stderr=nowhere,
                preexec_fn=die_with(os.getpid()),
            )
        )

    async def has_stored(self, database: "DatabaseSettings", kafka: "KafkaSettings") -> None:
        """Return once the database's positions are where the log ends."""
        from schemas.topics import TELEMETRY
        from sinks.timescale.read import positions

        ends = {partition: at for partition, at in (await _ends(kafka)).items() if at}
        async with asyncio.timeout(WITHIN_S):
            while True:
                self.must_run()
                rows = await positions(database)
                stored = {r["partition"]: r["next"] for r in rows if r["topic"] == TELEMETRY.name}
                if ends.items() <= stored.items():
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    def peak_mb(self) -> float:
        """The most memory it has held so far."""
        return peak_rss_mb(self.process.pid)

    def must_run(self) -> None:
        """Refuse a sink that has ended."""
        if self.process.returncode is not None:
            raise PlantstreamError(f"the sink ended with {self.process.returncode}")

    async def end(self) -> None:
        """Kill it."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@asynccontextmanager
async def _database(home: Path) -> "AsyncIterator[DatabaseSettings]":
    from plantstream.commands.stack import running_database
    from plantstream.runtime.settings import DatabaseSettings
    from sinks.timescale.migrate import migrate

    async with running_database(home, DATABASE_PORT):
        settings = DatabaseSettings(port=DATABASE_PORT)
        await asyncio.to_thread(migrate, settings)
        yield settings


async def _send(kafka: "KafkaSettings", first: int, instants: int) -> None:
    from plantstream.commands.bench_frames import frames, place_of
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.ports import Outgoing
    from schemas.codec import encode
    from schemas.topics import TELEMETRY

    async with KafkaBroker(kafka) as broker:
        for start in range(first, first + instants, AT_ONCE):
            count = min(AT_ONCE, first + instants - start)
            await broker.send(
                [
                    Outgoing(TELEMETRY.name, place_of(one), one.equipment.encode(), encode(one))
                    for one in frames(start, count)
                ]
            )


async def _ends(kafka: "KafkaSettings") -> dict[int, int]:
    from plantstream.runtime.kafka.admin import end_offsets
    from schemas.topics import TELEMETRY

    found = await end_offsets(kafka, [TELEMETRY])
    return {place.partition: end for place, end in found.items()}


async def _must_be_whole(database: "DatabaseSettings") -> None:
    from sinks.timescale.connection import connect

    each = SAMPLES // INSTANT_SAMPLES
    given = {"each": each, "total": each * each / 2}
    async with await connect(database) as connection:
        count = await (await connection.execute("SELECT count(*) FROM sample")).fetchone()
        wrong = await (await connection.execute(_WRONG, given)).fetchone()
    if count != (SAMPLES,) or wrong != (0,):
        raise PlantstreamError(f"{SAMPLES} rows were expected, {count} are there; {wrong} tags")
