"""How long a spool that piled up takes to reach Kafka, in which order, and with how much memory."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_replay import LOOK_EVERY_S, peak_rss_mb
from plantstream.commands.bench_tags import MACHINES, PATH, TAGS, outcomes
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.runtime.ports import Record
    from plantstream.runtime.settings import KafkaSettings

NEEDS = Needs.KAFKA
SAMPLES = 1_200_000
RSS_LIMIT_MB = 200.0
SPOOL = "drain.sqlite"


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """Pile up without a broker, drain in a process of its own, then send the same without a spool.

    Raises:
        PlantstreamError: a record is missing or out of order, or the process needed too much.
    """
    await fill(data_dir / SPOOL)
    seconds, peak_mb = await _drain(kafka, data_dir / SPOOL)
    records = await _read(kafka)
    must_be_whole(records)
    messages.print(
        f"drained {SAMPLES:,} samples in {len(records):,} records, in order per machine; "
        f"peak memory {peak_mb:.0f} MB"
    )
    if peak_mb >= RSS_LIMIT_MB:
        raise PlantstreamError(f"{peak_mb:.0f} MB of memory; {RSS_LIMIT_MB:.0f} is the limit")
    return [Figure("spool_drain_s", seconds, await _plain(kafka, records))]


async def fill(path: Path, samples: int = SAMPLES) -> None:
    """What an edge stores while it cannot publish."""
    from ingest.ports import Batch
    from ingest.sealing import entries
    from ingest.spool import DiskSpool

    spool = DiskSpool.open(path, "bench/edge", clock.now)
    try:
        for one in outcomes(spool, clock.now(), samples):
            await spool.append(Batch(entries(spool.source, one.records), one.memory))
        messages.print(f"{samples:,} samples wait in {spool.size_bytes / 1e6:.0f} MB")
    finally:
        await spool.close()


def must_be_whole(records: "Sequence[Record]", samples: int = SAMPLES) -> None:
    """Refuse a log in which a machine's frames are not all there, once and in their order.

    Raises:
        PlantstreamError: with the machine.
    """
    from schemas.codec import decode
    from schemas.topics import TELEMETRY

    found: dict[str, list[int]] = {PATH.format(machine): [] for machine in MACHINES}
    for record in records:
        frame = decode(TELEMETRY, record.value)
        found[frame.equipment].append(frame.id.seq)
    for path, seqs in found.items():
        if seqs != list(range(samples // len(MACHINES) // len(TAGS))):
            raise PlantstreamError(f"{path}: {len(seqs)} frames, not all or not in their order")


async def _drain(kafka: "KafkaSettings", path: Path) -> tuple[float, float]:
    """Seconds and peak memory of an edge that does nothing else, start of its interpreter too."""
    started = clock.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "plantstream.commands.bench_drain", str(path)),
        env=os.environ | {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers},
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
        raise PlantstreamError(f"the drain failed, exit code {process.returncode}")
    return clock.monotonic() - started, peak


async def _read(kafka: "KafkaSettings") -> "list[Record]":
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import TELEMETRY

    partitions = range(TELEMETRY.partitions)
    return [one async for one in read_partitions(kafka, TELEMETRY.name, partitions)]


async def _plain(kafka: "KafkaSettings", records: "Sequence[Record]") -> float:
    """The reference: the producer alone with the same records, all at once."""
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.ports import Outgoing

    outgoing = [Outgoing(one.topic, one.partition, one.key or b"", one.value) for one in records]
    started = clock.monotonic()
    async with KafkaBroker(kafka) as broker:
        await broker.send(outgoing)
    return clock.monotonic() - started


async def drain(path: Path) -> None:
    """The agent without an input: until the broker has all that waits."""
    from ingest.agent import run_agent
    from ingest.spool import DiskSpool
    from plantstream.commands.bench_tags import plant_file
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.settings import KafkaSettings

    spool = DiskSpool.open(path, "bench/edge", clock.now)
    try:
        async with KafkaBroker(KafkaSettings()) as broker:
            await run_agent((plant_file(), {}), spool, broker)
    finally:
        await spool.close()


if __name__ == "__main__":
    asyncio.run(drain(Path(sys.argv[1])))
