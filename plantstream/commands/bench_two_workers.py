"""What two workers do with a second of processor time, beside one with the same backlog."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_scale_plant import COLD, HOT, Machine, Site, sent
from plantstream.commands.bench_worker import (
    Worker,
    until_all_is_applied,
    until_all_is_owned,
)
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from schemas.topics import ALERT, KPI, PARTITIONS

if TYPE_CHECKING:
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.ports import Outgoing
    from plantstream.runtime.settings import KafkaSettings

NEEDS = Needs.KAFKA
MACHINES, INSTANTS, FRAME_SAMPLES = 40, 600, 100
COUNTS_EVERY, HOT_EVERY = 3, 50
"""Of so many instants one has parts as well, and one has a temperature that raises an alert."""
BETWEEN = timedelta(milliseconds=200)
TURNS = (("turn-1", 1), ("turn-2", 2), ("turn-3", 2), ("turn-4", 1))
"""Replays of the same, and by how many workers."""
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
FROZEN_S = 5.0
"""A worker that stands still for longer loses its place in the group."""
PLAIN_ROUNDS = 200_000
_PLAIN = """
import json, time
frame = json.dumps({f"tag-{n}": [n / 7] * 10 for n in range(10)})
started = time.process_time()
for _ in range(ROUNDS):
    json.loads(frame)
print(time.process_time() - started)
"""

Results = Mapping[tuple[str, bytes], bytes]


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """The same backlog as a replay of another name for each turn.

    Raises:
        PlantstreamError: results are missing, or differ between one worker and two.
    """
    from plantstream.runtime.kafka.broker import KafkaBroker

    cpu_s: dict[int, list[float]] = {1: [], 2: []}
    site = Site("site-00000", MACHINES)
    async with KafkaBroker(kafka) as broker:
        await broker.send([site.published(BEGIN)])
        for run, number in TURNS:
            async with _workers(kafka, data_dir, number) as workers:
                cpu_s[number].append(await _taken(kafka, broker, workers, backlog(site, run)))
    found = [await _results(kafka, run) for run, _ in TURNS]
    must_be_equal(found)
    samples = MACHINES * INSTANTS * FRAME_SAMPLES
    one, two = (samples / (sum(taken) / len(taken)) for taken in cpu_s.values())
    messages.print(
        f"samples per second of processor time, in frames of {FRAME_SAMPLES}: {one:,.0f} by one "
        f"worker, {two:,.0f} by two; {len(found[0]):,} equal results of each"
    )
    return [Figure("two_workers", two / one, await plain_work())]


async def plain_work() -> float:
    """The same ratio of processes that share nothing but the machine."""
    cpu_s: dict[int, list[float]] = {1: [], 2: []}
    for number in (1, 2, 2, 1):
        cpu_s[number] += await asyncio.gather(*(_plain() for _ in range(number)))
    alone, beside = (sum(taken) / len(taken) for taken in cpu_s.values())
    messages.print(f"a process that only decodes JSON: {alone:.2f} s, beside another {beside:.2f}")
    return alone / beside


async def _plain() -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PLAIN.replace("ROUNDS", str(PLAIN_ROUNDS))),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return float(said)


def backlog(site: Site, run: str) -> "list[Outgoing]":
    """What all machines say, instant by instant."""
    machines = [Machine(one.path, one.version, run) for one in site.machines]
    told = []
    for instant in range(INSTANTS):
        at = BEGIN + instant * BETWEEN
        value = HOT if instant % HOT_EVERY == 0 else COLD
        for one in machines:
            told.append(sent(one.measures(at, FRAME_SAMPLES, value)))
            if instant % COUNTS_EVERY == 0:
                told.append(sent(one.counts(at)))
    return told


def must_be_equal(found: Sequence[Results]) -> None:
    """Refuse figures of turns that came to different results, or to none.

    Raises:
        PlantstreamError: with the first that differs.
    """
    first = found[0]
    if not first:
        raise PlantstreamError("there are no results")
    for other in found[1:]:
        names = first.keys() | other.keys()
        wrong = sorted(name for name in names if first.get(name) != other.get(name))
        if wrong:
            raise PlantstreamError(f"{len(wrong)} of {len(names)} results differ: {wrong[0]}")


@asynccontextmanager
async def _workers(
    kafka: "KafkaSettings", data_dir: Path, number: int
) -> AsyncIterator[list[Worker]]:
    """So many, each with its partitions."""
    async with AsyncExitStack() as stack:
        workers = []
        for slot in range(number):
            worker = await Worker.started(kafka, data_dir / f"worker-{slot}.log", slot)
            stack.push_async_callback(worker.kill)
            workers.append(worker)
        await until_all_is_owned(workers, PARTITIONS)
        await until_all_is_applied(kafka, workers)
        yield workers


async def _taken(
    kafka: "KafkaSettings",
    broker: "KafkaBroker",
    workers: Sequence[Worker],
    told: "Sequence[Outgoing]",
) -> float:
    """Processor time of the workers for all of it, in seconds."""
    with ExitStack() as still:
        frozen = clock.monotonic()
        for worker in workers:
            still.enter_context(worker.frozen())
        before = sum(worker.cpu_s() for worker in workers)
        await broker.send(told)
        if clock.monotonic() - frozen > FROZEN_S:
            raise PlantstreamError("the backlog took too long: the workers lost their partitions")
    await until_all_is_applied(kafka, workers)
    return sum(worker.cpu_s() for worker in workers) - before


async def _results(kafka: "KafkaSettings", run: str) -> Results:
    """The newest record of each name in this replay, without the replay's name."""
    from plantstream.runtime.kafka.whole import read_partitions

    found: dict[tuple[str, bytes], bytes] = {}
    said, name = f'"run":"{run}"'.encode(), run.encode()
    for topic in (KPI, ALERT):
        async for record in read_partitions(kafka, topic.name, range(topic.partitions)):
            if record.value is not None and said in record.value:
                key = (record.key or b"").replace(name, b"")
                found[topic.name, key] = record.value.replace(said, b"")
    return found
