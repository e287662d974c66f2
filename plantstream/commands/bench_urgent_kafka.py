"""How long a value that crosses a limit takes from the edge's input to Kafka, beside the others."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.bench_tags import MACHINES, PATH, TAGS
from plantstream.commands.bench_urgent import ruled
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.backlog import Backlog
    from ingest.input import Chunk
    from ingest.urgent import Urgency
    from plantstream.runtime.ports import Record
    from plantstream.runtime.settings import KafkaSettings

NEEDS = Needs.KAFKA
MEASURED_S = 30.0
SETTLED_AFTER_S = 3.0
"""A start that is no part of the figure."""
PERIOD_S = 0.02
"""Of a hundred ordinary samples: 5,000 in a second."""
URGENT_PERIOD_S = 0.117
"""Of one that crosses, by turns of each machine: at no fixed distance from the ordinary ones."""
BEYOND = 2_000_000.0
WATCHED, OTHERS = TAGS[0], TAGS[1:]
SHARE = 0.99


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """Push values through agent, spool and Kafka, and read how late each was there.

    Raises:
        PlantstreamError: a value that crosses got lost.
    """
    from ingest.agent import run_agent
    from ingest.options import World
    from ingest.spool import DiskSpool
    from plantstream.runtime.kafka.broker import KafkaBroker

    world, spool = World(), DiskSpool.open(data_dir / "urgent.sqlite", "bench/edge", clock.now)
    pushed = Pushed(world.urgency)
    try:
        async with KafkaBroker(kafka) as broker:
            await run_agent((ruled(1), {"server": pushed}), spool, broker, world=world)
    finally:
        await spool.close()
    urgent, ordinary = await _latencies(kafka, pushed.settled)
    if len(urgent) != pushed.crossed:
        raise PlantstreamError(f"{len(urgent)} of {pushed.crossed} values that cross arrived")
    messages.print(f"ms to Kafka: {told(urgent)} that cross; {told(ordinary)} ordinary ones")
    return [Figure("urgent_p99_ms", percentile(urgent, SHARE), percentile(ordinary, SHARE))]


def told(late_ms: list[float]) -> str:
    """The latencies in words."""
    median, p99 = percentile(late_ms, 0.5), percentile(late_ms, SHARE)
    return f"median {median:.0f}, p99 {p99:.0f} of {len(late_ms):,}"


class Pushed:
    """An input whose values come by themselves."""

    def __init__(self, urgency: "Urgency") -> None:
        self._urgency = urgency
        self.settled = clock.now()
        """From when on values count."""
        self.crossed = 0

    async def chunks(self, position: str | None) -> "AsyncIterator[Chunk]":
        """Values for a while."""
        from ingest.backlog import Backlog, Holding

        del position
        self.settled = clock.now() + timedelta(seconds=SETTLED_AFTER_S)
        backlog = Backlog(Holding(urgency=self._urgency))
        async with asyncio.TaskGroup() as group:
            pushing = group.create_task(self._push(backlog))
            async for chunk in backlog.chunks():
                yield chunk
            pushing.cancel()

    async def _push(self, backlog: "Backlog") -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_AFTER_S + MEASURED_S), asyncio.TaskGroup() as group:
                group.create_task(self._push_ordinary(backlog))
                group.create_task(self._push_urgent(backlog))
        backlog.close()

    async def _push_ordinary(self, backlog: "Backlog") -> None:
        from ingest.input import Sample

        for machine in cycle(MACHINES):
            at, path = clock.now(), PATH.format(machine)
            backlog.put([Sample(path, tag, 0.5, at) for tag in OTHERS])
            await asyncio.sleep(PERIOD_S)

    async def _push_urgent(self, backlog: "Backlog") -> None:
        from ingest.input import Sample

        for number in count():
            path = PATH.format(MACHINES[number % len(MACHINES)])
            beyond = BEYOND * ((number // len(MACHINES)) % 2 == 0)
            at = clock.now()
            backlog.put([Sample(path, WATCHED, beyond, at)])
            self.crossed += at >= self.settled
            await asyncio.sleep(URGENT_PERIOD_S)


async def _latencies(kafka: "KafkaSettings", settled: datetime) -> tuple[list[float], list[float]]:
    """In ms: of what crosses, and of the others."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import TELEMETRY

    found: tuple[list[float], list[float]] = ([], [])
    partitions = range(TELEMETRY.partitions)
    async for record in read_partitions(kafka, TELEMETRY.name, partitions):
        for tag, at, late_ms in _late(record):
            if at >= settled:
                found[tag != WATCHED].append(late_ms)
    return found


def _late(record: "Record") -> Iterator[tuple[str, datetime, float]]:
    """Tag, time and ms; the time is exact to a millisecond, so that nothing looks too early."""
    from schemas.codec import decode
    from schemas.topics import TELEMETRY

    frame = decode(TELEMETRY, record.value)
    for column in frame.columns:
        for offset_ms in column.offset_ms:
            at = frame.source_time + timedelta(milliseconds=offset_ms)
            yield column.tag, at, record.timestamp_ms - at.timestamp() * 1000
