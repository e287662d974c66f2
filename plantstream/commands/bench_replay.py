"""How long a recording takes from the file to SQL, how much memory, and what plain work takes."""

import asyncio
import csv
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_recording import MAP, NUMERIC_COLUMNS, PLANT, recording_in
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from plantstream.commands.stack import Stack
    from plantstream.runtime.settings import DatabaseSettings

NEEDS = Needs.STACK
SERVICES = ("process", "alerts", "sink")
LOOK_EVERY_S = 0.1
COPY_ROWS = 5_000
RUN, PLAIN_RUN = "bench", "bench-plain"
_COPY = """
    COPY run_sample (run, equipment, tag, unit, time, value, quality, text)
    FROM STDIN (FORMAT BINARY)
"""
_TYPES = ("text", "text", "text", "text", "timestamptz", "float8", "int8", "text")
_STORED = "SELECT count(*) FROM run_sample WHERE run = %s"


async def measure(stack: "Stack") -> list[Figure]:
    """Replay at full speed, then the same data without our pipeline."""
    recording = recording_in(stack.data_dir)
    messages.print(f"replaying {recording.name}")
    pids = stack.supervisor.pids()
    services = [pids[name] for name in SERVICES]
    at_rest = max(map(peak_rss_mb, services))
    seconds, sender = await _replay(recording, stack.data_dir)
    peaks = dict(zip(("replay", *SERVICES), (sender, *map(peak_rss_mb, services)), strict=True))
    messages.print("peak memory: " + ", ".join(f"{k} {v:.0f} MB" for k, v in peaks.items()))

    messages.print("the same data by plain COPY")
    started = clock.monotonic()
    copied = await plain_copy(recording, stack.database)
    plain = clock.monotonic() - started
    await _must_hold(stack.database, copied)
    return [
        Figure("replay_s", seconds, plain),
        Figure("replay_rss_mb", max(peaks.values()), at_rest),
    ]


async def plain_copy(recording: Path, database: "DatabaseSettings") -> int:
    """Parse the file and send its samples by binary COPY; gives how many they were."""
    from sinks.timescale.connection import connect

    copied = 0
    with recording.open(newline="") as file:
        rows = csv.DictReader(file, delimiter=";")
        async with await connect(database) as connection:
            while block := list(islice(rows, COPY_ROWS)):
                copied += await _copy(connection, block)
    return copied


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process has held so far, in millions of bytes; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(next(found, "0")) * 1024 / 1e6


async def _replay(recording: Path, data_dir: Path) -> tuple[float, float]:
    """Seconds and peak memory of `plantstream replay`, the start of its interpreter included."""
    files = (str(recording), "--map", str(MAP), "--plant", str(PLANT))
    started = clock.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plantstream", "replay", *files),
        *("--speed", "max", "--run", RUN, "--data-dir", str(data_dir)),
        env=os.environ | {"TERM": "dumb"},
    )
    peak = 0.0
    ending = asyncio.create_task(process.wait())
    try:
        while not ending.done():
            peak = max(peak, peak_rss_mb(process.pid))
            await asyncio.wait({ending}, timeout=LOOK_EVERY_S)
    finally:
        if process.returncode is None:
            process.kill()
    if ending.result() != 0:
        raise PlantstreamError(f"the replay failed, exit code {process.returncode}")
    return clock.monotonic() - started, peak


async def _copy(connection: "AsyncConnection", block: Sequence[dict[str, str]]) -> int:
    samples = [sample for row in block for sample in _samples(row)]
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for sample in samples:
            await copy.write_row(sample)
    return len(samples)


def _samples(row: dict[str, str]) -> Iterator[tuple[Any, ...]]:
    at = datetime.fromisoformat(f"{row['timestamp']}+00:00")
    for column in NUMERIC_COLUMNS:
        yield (PLAIN_RUN, "press", column, "", at, float(row[column]), 0, None)


async def _must_hold(database: "DatabaseSettings", samples: int) -> None:
    """Refuse a figure of a replay that did not bring at least these samples."""
    from sinks.timescale.connection import connect

    async with await connect(database) as connection:
        stored = []
        for run in (RUN, PLAIN_RUN):
            cursor = await connection.execute(_STORED, (run,))
            stored += [row[0] for row in await cursor.fetchall()]
    messages.print(f"samples in SQL: {stored[0]:,} by replay, {stored[1]:,} by plain COPY")
    if stored[0] < samples or stored[1] != samples:
        raise PlantstreamError(f"{samples} samples were expected in SQL, {stored} are there")
