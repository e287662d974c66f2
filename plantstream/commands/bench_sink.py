"""How fast the sink stores telemetry, and how long a batch takes, beside a bare binary COPY."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from plantstream.commands.bench_frames import MemoryReader
    from plantstream.runtime.settings import DatabaseSettings
    from schemas.telemetry import TelemetryFrame
    from sinks.batch import Batch
    from sinks.sink import Written

NEEDS = Needs.DATABASE
TURNS = 6
"""The first one warms up and does not count."""
INSTANTS = 200
"""Of ten machines with a hundred tags each: 200,000 samples a turn."""
SMALL_TAGS = 5
SMALL_INSTANTS = 500
COPY_ROWS = 10_000
_COPY = "COPY sample (equipment, tag, unit, time, value, quality, text) FROM STDIN (FORMAT binary)"
_TYPES = ("text", "text", "text", "timestamptz", "float8", "int8", "text")

Row = tuple[str, str, str, datetime, float, int, None]


async def measure(settings: "DatabaseSettings") -> list[Figure]:
    """Frames of 100 samples by turns; then once frames of five, which are printed only."""
    from plantstream.runtime.garbage import collect_seldom
    from sinks.timescale.migrate import migrate

    await asyncio.to_thread(migrate, settings)
    collect_seldom()
    stage = Stage(settings)
    ours, bare = Taken(), Taken()
    for turn in range(TURNS):
        mine, plain = await stage.turn(INSTANTS, 100)
        if turn:
            ours, bare = ours.plus(mine), bare.plus(plain)
    _print("frames of 100 samples", ours, bare)
    _print("frames of 5 samples", *await stage.turn(SMALL_INSTANTS, SMALL_TAGS))
    await stage.must_hold_all()
    return [
        Figure("sink_ratio", bare.seconds / ours.seconds, 1.0),
        Figure("sink_batch_p99_ms", ours.p99_ms(), bare.p99_ms()),
    ]


class Taken:
    """How long rows took, and each batch of them."""

    def __init__(self, rows: int = 0, seconds: float = 0.0, batches_s: Sequence[float] = ()):
        self.rows, self.seconds, self.batches_s = rows, seconds, tuple(batches_s)

    def plus(self, other: "Taken") -> "Taken":
        """Both."""
        batches_s = (*self.batches_s, *other.batches_s)
        return Taken(self.rows + other.rows, self.seconds + other.seconds, batches_s)

    def per_s(self) -> float:
        """Rows."""
        return self.rows / self.seconds

    def p99_ms(self) -> float:
        """Of a batch."""
        return percentile(self.batches_s, 0.99) * 1e3

    def __str__(self) -> str:
        p50_ms = percentile(self.batches_s, 0.5) * 1e3
        return (
            f"{self.per_s():,.0f} rows/s, {len(self.batches_s)} batches:"
            f" median {p50_ms:.0f} ms, p99 {self.p99_ms():.0f} ms"
        )


class Stage:
    """One database, what has been stored in it, and the instant that comes next."""

    def __init__(self, settings: "DatabaseSettings") -> None:
        self._settings = settings
        self._next = 0
        self._rows = 0

    async def turn(self, instants: int, tags: int) -> tuple[Taken, Taken]:
        """The same rows by the sink, from records in memory, and by a bare COPY."""
        from plantstream.commands.bench_frames import MemoryReader, frames

        reader = MemoryReader()
        rows = reader.append(frames(self._next, instants, tags))
        ours = await self._by_sink(reader, rows)
        bare = await by_copy(self._settings, frames(self._next, instants, tags))
        self._next += instants
        self._rows += 2 * rows
        return ours, bare

    async def must_hold_all(self) -> None:
        """Refuse a figure of rows that are not there.

        Raises:
            PlantstreamError: with both numbers.
        """
        from sinks.timescale.connection import connect

        async with await connect(self._settings) as connection:
            row = await (await connection.execute("SELECT count(*) FROM sample")).fetchone()
        if row != (self._rows,):
            raise PlantstreamError(f"{self._rows} rows were expected, {row} are there")

    async def _by_sink(self, reader: "MemoryReader", rows: int) -> Taken:
        """The loop as a service runs it; the log of each turn is a new one."""
        from prometheus_client import CollectorRegistry

        from sinks.meters import SinkMeters
        from sinks.runner import SinkLoop, SinkPorts, SinkTime
        from sinks.service import together
        from sinks.timescale.connection import connect
        from sinks.timescale.writer import TimescaleSink

        class Timed(TimescaleSink):
            async def write(self, batch: "Batch") -> "Written":
                begun = clock.monotonic()
                written = await super().write(batch)
                batches_s.append(clock.monotonic() - begun)
                return written

        batches_s: list[float] = []
        async with await connect(self._settings) as connection:
            await connection.execute("TRUNCATE sink_position, sink_mark")
        sink = Timed(self._settings)
        await sink.open()
        time = SinkTime(clock.now, asyncio.sleep, together)
        loop = SinkLoop(SinkPorts(reader, sink, _Nowhere()), time, SinkMeters(CollectorRegistry()))
        started = clock.monotonic()
        while not reader.idle:
            await loop.turn()
        seconds = clock.monotonic() - started - loop.linger_s
        await sink.close()
        return Taken(rows, seconds, batches_s)


async def by_copy(settings: "DatabaseSettings", made: Iterable["TelemetryFrame"]) -> Taken:
    """Their samples by a transaction for each 10,000 rows, and nothing else."""
    from sinks.timescale.connection import connect

    rows = [row for frame in made for row in _rows(frame)]
    batches_s = []
    async with await connect(settings) as connection:
        started = clock.monotonic()
        for start in range(0, len(rows), COPY_ROWS):
            begun = clock.monotonic()
            async with connection.transaction():
                await _copy(connection, rows[start : start + COPY_ROWS])
            batches_s.append(clock.monotonic() - begun)
        return Taken(len(rows), clock.monotonic() - started, batches_s)


class _Nowhere:
    """There are no dead letters."""

    async def send(self, records: Sequence[Any]) -> None:
        """Never called."""


async def _copy(connection: "AsyncConnection", rows: Sequence[Row]) -> None:
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            await copy.write_row(row)


def _rows(frame: "TelemetryFrame") -> list[Row]:
    return [
        (frame.equipment, one.tag, one.unit, frame.source_time, number, 0, None)
        for one in frame.columns
        for number in one.numbers or ()
        if number is not None
    ]


def _print(what: str, ours: Taken, bare: Taken) -> None:
    ratio = bare.seconds / ours.seconds
    messages.print(f"{what}: sink {ours}", markup=False)
    messages.print(f"{what}: COPY {bare}; the sink reaches {ratio:.2f} of it", markup=False)
