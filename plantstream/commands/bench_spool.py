"""How many samples a second the spool makes durable, beside plain SQLite with the same bytes."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_tags import CHUNK_SAMPLES, outcomes
from plantstream.commands.console import messages
from plantstream.runtime import clock

if TYPE_CHECKING:
    from ingest.ports import Batch
    from ingest.spool import DiskSpool

NEEDS = Needs.NOTHING
SAMPLES = 250_000
ROUNDS = 3


async def measure(data_dir: Path) -> list[Figure]:
    """Store the same chunks by turns, a commit each; the best round of each counts."""
    from ingest.spool import DiskSpool

    ours, plain = [], []
    for number in range(ROUNDS):
        spool = DiskSpool.open(data_dir / f"spool-{number}.sqlite", "bench/edge", clock.now)
        try:
            batches = _batches(spool)
            ours.append(await _stored(spool, batches))
        finally:
            await spool.close()
        plain.append(_inserted(data_dir / f"plain-{number}.sqlite", batches))
    messages.print(
        f"samples/s on disk, a commit for {CHUNK_SAMPLES}: "
        f"{max(ours):,.0f} by the spool, {max(plain):,.0f} by plain SQLite"
    )
    return [Figure("spool_per_s", max(ours), max(plain))]


def _batches(spool: "DiskSpool") -> "Sequence[Batch]":
    from ingest.ports import Batch
    from ingest.sealing import entries

    return [
        Batch(entries(spool.source, one.records), one.memory)
        for one in outcomes(spool, clock.now(), SAMPLES)
    ]


async def _stored(spool: "DiskSpool", batches: "Sequence[Batch]") -> float:
    started = clock.monotonic()
    for batch in batches:
        await spool.append(batch)
    return SAMPLES / (clock.monotonic() - started)


def _inserted(path: Path, batches: "Sequence[Batch]") -> float:
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, value BLOB NOT NULL)")
        started = clock.monotonic()
        for batch in batches:
            database.execute("BEGIN")
            database.executemany(
                "INSERT INTO entry (value) VALUES (?)", [(one.value,) for one in batch.entries]
            )
            database.execute("COMMIT")
        return SAMPLES / (clock.monotonic() - started)
    finally:
        database.close()
