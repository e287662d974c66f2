"""How long a value of an OPC UA server takes to Kafka, through `plantstream ingest`."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.bench_tags import (
    MACHINES,
    PERIOD,
    PUBLISHING_MS,
    TAGS,
    node,
    plant_text,
    served,
)
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from plantstream.runtime.ports import Record
    from plantstream.runtime.settings import KafkaSettings

NEEDS = Needs.KAFKA
MEASURED_S = 60.0
SETTLED_AFTER_S = 5.0
"""The first values, and a start that is no part of the figure."""
READY_WITHIN_S = 60.0
LOOK_EVERY_S = 0.1
INGEST_PORT = 26081
SHARE = 0.99


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """Let the edge read for a minute, then look into the log; a bare subscription beside it.

    Raises:
        PlantstreamError: a value got lost.
    """
    async with served() as endpoint:
        async with _ingest(kafka, data_dir, endpoint):
            await asyncio.sleep(SETTLED_AFTER_S)
            begin = clock.now()
            await asyncio.sleep(MEASURED_S)
            end = clock.now()
            await asyncio.sleep(SETTLED_AFTER_S)
        bare_s = await _bare(endpoint)
    arrived = [one async for one in _arrived(kafka)]
    inside = [one for one in arrived if begin <= one.at < end]
    must_be_gapless(inside)
    late_s = [one.late_s for one in inside]
    median, p99 = percentile(late_s, 0.5), percentile(late_s, SHARE)
    messages.print(
        f"{len(inside):,} values in {MEASURED_S:g} s, none lost: "
        f"median {1000 * median:.0f} ms, p99 {1000 * p99:.0f} ms"
    )
    return [Figure("opcua_kafka_p99_ms", 1000 * p99, 1000 * percentile(bare_s, SHARE))]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A value in the log."""

    name: str
    at: datetime
    number: int
    late_s: float


def must_be_gapless(arrived: "Sequence[Arrived]") -> None:
    """Refuse values of which one is missing, by the numbers that they count.

    Raises:
        PlantstreamError: with the tag; or there are too few tags.
    """
    numbers: dict[str, list[int]] = {}
    for one in arrived:
        numbers.setdefault(one.name, []).append(one.number)
    if len(numbers) != len(MACHINES) * len(TAGS):
        raise PlantstreamError(f"{len(numbers)} tags arrived")
    for name, found in numbers.items():
        expected = range(min(found), max(found) + 1)
        if sorted(found) != list(expected):
            raise PlantstreamError(f"{name}: {len(found)} of {len(expected)} values arrived")


async def _arrived(kafka: "KafkaSettings") -> "AsyncIterator[Arrived]":
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import TELEMETRY

    partitions = range(TELEMETRY.partitions)
    async for record in read_partitions(kafka, TELEMETRY.name, partitions):
        for one in _values(record):
            yield one


def _values(record: "Record") -> Iterator[Arrived]:
    from schemas.codec import decode
    from schemas.topics import TELEMETRY

    frame = decode(TELEMETRY, record.value)
    for column in frame.columns:
        for offset_ms, value in zip(column.offset_ms, column.numbers or (), strict=True):
            if value is None:
                continue
            at = frame.source_time + timedelta(milliseconds=offset_ms)
            late_s = record.timestamp_ms / 1000 - at.timestamp()
            yield Arrived(node(frame.equipment, column.tag), at, int(value), late_s)


@asynccontextmanager
async def _ingest(kafka: "KafkaSettings", data_dir: Path, endpoint: str) -> "AsyncIterator[None]":
    from plantstream.embedded import child
    from plantstream.embedded.probes import http_ready

    plant, log = data_dir / "bench.yaml", data_dir / "ingest.log"
    await asyncio.to_thread(plant.write_text, plant_text(endpoint))
    files = ("--plant", str(plant), "--data-dir", str(data_dir), "--port", str(INGEST_PORT))
    environment = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    process = await child.spawn(
        (sys.executable, "-m", "plantstream", "ingest", *files), log, os.environ | environment
    )
    try:
        answers = http_ready(f"http://127.0.0.1:{INGEST_PORT}/ready")
        started = clock.monotonic()
        while not await answers():
            await asyncio.sleep(LOOK_EVERY_S)
            if clock.monotonic() - started > READY_WITHIN_S:
                raise PlantstreamError(f"ingest is not ready: {child.log_tail(log)}")
        yield
    finally:
        await child.end(process, READY_WITHIN_S)


@dataclass(slots=True)
class _Stopwatch:
    """asyncua calls it for every change."""

    late_s: list[float] = field(default_factory=list)

    def datachange_notification(self, _node: object, _value: object, data: Any) -> None:
        at = data.monitored_item.Value.SourceTimestamp
        now = clock.now().replace(tzinfo=None)
        self.late_s.append((now - at.replace(tzinfo=None)).total_seconds())


async def _bare(endpoint: str) -> list[float]:
    """The reference: asyncua alone, until the value is at hand."""
    from asyncua.client.client import Client

    from plantstream.simulator.playback import NAMESPACE

    stopwatch = _Stopwatch()
    async with Client(endpoint) as client:
        index = await client.get_namespace_index(NAMESPACE)
        names = [node(machine, tag) for machine in MACHINES for tag in TAGS]
        nodes = [client.get_node(f"ns={index};s={name}") for name in names]
        subscription = await client.create_subscription(PUBLISHING_MS, stopwatch)
        await subscription.subscribe_data_change(nodes, queuesize=100)
        await asyncio.sleep(2 * PERIOD.total_seconds() + PUBLISHING_MS / 1000)
        stopwatch.late_s.clear()
        await asyncio.sleep(SETTLED_AFTER_S)
        await subscription.delete()
    return stopwatch.late_s
