"""What ten thousand machines cost a worker that ten cost less, and how soon it has them again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_scale_plant import (
    COLD,
    HOT,
    SITE_MACHINES,
    Machine,
    Site,
    remembered,
    sent,
)
from plantstream.commands.bench_worker import (
    Worker,
    all_said,
    until_all_is_applied,
    until_seen,
    watching,
)
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from schemas.machine import MachineRecord, PartsCounted
from schemas.telemetry import TelemetryFrame

if TYPE_CHECKING:
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.settings import KafkaSettings

NEEDS = Needs.KAFKA
SIZES = (10, 100, 1_000, 10_000)
"""Machines, each time with those of the time before."""
PER_S = 500
"""Messages, whatever the number of machines."""
FRAME_SAMPLES = 50
COUNTS_EVERY = 5
"""Of so many messages one counts parts; the others are frames."""
SETTLE_S, WINDOW_S, BEAT_S = 8.0, 10.0, 0.05
"""A window is as long as the time between two ticks of a machine that says nothing."""
FRAMES = {1: 4_000, 10: 4_000, 50: 2_000, 500: 800}
"""By samples of a frame how many are sent for the cost of a sample."""
AT_ONCE = 20_000
"""Rows that are sent together."""
Event = MachineRecord | TelemetryFrame


async def measure(kafka: "KafkaSettings", data_dir: Path) -> list[Figure]:
    """A worker with more and more machines; killed after each time, and started again.

    Raises:
        PlantstreamError: parts were lost or counted twice, or an alert is missing or came twice.
    """
    from plantstream.runtime.kafka.broker import KafkaBroker

    async with KafkaBroker(kafka) as broker:
        plant = Plant(kafka, broker, data_dir / "worker.log")
        levels = [await plant.level(size) for size in SIZES]
        bare_s = await _read_bare(kafka)
    first, last = levels[0], levels[-1]
    messages.print(
        f"{last.machines:,} machines again after {last.recovery_s:.1f} s; "
        f"their rows are only read in {bare_s:.1f} s"
    )
    worst = max(levels, key=lambda one: abs(one.message_us / first.message_us - 1))
    kb = (last.rss_kb - first.rss_kb) / (last.machines - first.machines)
    return [
        Figure("recovery_s", last.recovery_s, bare_s),
        Figure("flat_equipment", worst.message_us / first.message_us, 1.0),
        Figure("equipment_kb", kb, last.row_bytes / 1e3),
    ]


@dataclass(frozen=True, slots=True)
class Level:
    """What a worker of so many machines costs."""

    machines: int
    recovery_s: float
    message_us: float
    """Processor time for a message that came, with the time of ticks."""
    record_us: float
    """The same for a record that came or was written; a tick writes what is true by now."""
    rss_kb: float
    row_bytes: float
    """Of the rows of a machine in the journals."""

    def __str__(self) -> str:
        return (
            f"{self.machines:>6,} machines: {self.message_us:.0f} µs a message, "
            f"{self.record_us:.0f} a record read or written, "
            f"{self.rss_kb / 1e3:.0f} MB, back after {self.recovery_s:.1f} s"
        )


@dataclass(slots=True)
class Plant:
    """Everything that is said, and what has to come of it."""

    kafka: "KafkaSettings"
    broker: "KafkaBroker"
    log: Path
    machines: list[Machine] = field(default_factory=list)
    good: Counter[str] = field(default_factory=Counter)
    firing: Counter[str] = field(default_factory=Counter)
    beacons: Sequence[Machine] = ()
    """One of each partition; they tell when a worker is there."""
    _next: int = 0

    async def level(self, size: int) -> Level:
        """So many machines, by a worker that is killed in the end."""
        row_bytes = await self._remember(size)
        async with self._worker() as (worker, recovery_s):
            await self._traffic(SETTLE_S)
            await until_all_is_applied(self.kafka, [worker])
            written, before = await worker.written(), worker.cpu_s()
            number = await self._traffic(WINDOW_S)
            await until_all_is_applied(self.kafka, [worker])
            us = (worker.cpu_s() - before) * 1e6
            records = number + await worker.written() - written
            costs = us / number, us / records
            found = Level(size, recovery_s, *costs, worker.rss_kb(), row_bytes)
            if size == SIZES[0]:
                await self._frames(worker)
            await self._must_be_whole()
        messages.print(str(found))
        return found

    async def _remember(self, size: int) -> float:
        """More machines, with an hour behind them; gives the bytes of one in the journals."""
        now, some = clock.now(), self._sites(size - len(self.machines))
        if not self.beacons:
            lights = Site("beacons")
            by_partition = {one.partition: one for one in lights.machines}
            self.beacons = list(by_partition.values())
            some.append(lights)
        await self.broker.send([site.published(now) for site in some])
        rows = list(remembered(some, now))
        for start in range(0, len(rows), AT_ONCE):
            await self.broker.send(rows[start : start + AT_ONCE])
        self.machines += [one for site in some if site.name != "beacons" for one in site.machines]
        total = sum(len(row.key) + len(row.value or b"") for row in rows)
        return total / sum(site.size for site in some)

    def _sites(self, machines: int) -> list[Site]:
        """New ones, of so many machines in all."""
        first = len(self.machines)
        return [
            Site(f"site-{first + start:05}", min(SITE_MACHINES, machines - start))
            for start in range(0, machines, SITE_MACHINES)
        ]

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[tuple[Worker, float]]:
        """One that has everything, and after how many seconds; killed on leaving."""
        wanted = {one.path: 1 for one in self.beacons}
        async with watching(self.kafka, "bench/beacons") as seen:
            await self._light(HOT)
            begun = clock.monotonic()
            worker = await Worker.started(self.kafka, self.log)
            try:
                await until_seen(seen, wanted, worker)
                recovery_s = clock.monotonic() - begun
                await self._light(COLD)
                yield worker, recovery_s
            finally:
                await worker.kill()

    async def _light(self, value: float) -> None:
        """Each beacon counts a part and is hot, or cold."""
        now = clock.now()
        frames = [one.measures(now, 1, value) for one in self.beacons]
        if value == HOT:
            self.firing.update(one.path for one in self.beacons)
        await self._say([*(one.counts(now) for one in self.beacons), *frames])

    async def _traffic(self, seconds: float) -> int:
        """Messages of all machines in turn, at `PER_S`; gives how many."""
        begun, number = clock.monotonic(), 0
        while (passed := clock.monotonic() - begun) < seconds:
            due = int(passed * PER_S) - number
            now, places = clock.now(), range(self._next, self._next + due)
            await self._say([self._message(place, now) for place in places])
            self._next, number = self._next + due, number + due
            await asyncio.sleep(BEAT_S)
        return number

    def _message(self, place: int, now: datetime) -> Event:
        machine = self.machines[place % len(self.machines)]
        round_ = place // len(self.machines)
        if (place + round_) % COUNTS_EVERY == 0:
            return machine.counts(now)
        return machine.measures(now, FRAME_SAMPLES)

    async def _say(self, events: Sequence[Event]) -> None:
        for one in events:
            if isinstance(one, PartsCounted):
                self.good[one.equipment] += one.good
        await self.broker.send([sent(one) for one in events])

    async def _frames(self, worker: Worker) -> None:
        """Print what a sample costs in frames of several sizes."""
        told = []
        for samples, number in FRAMES.items():
            now, machines = clock.now(), islice(cycle(self.machines), number)
            events = [one.measures(now, samples) for one in machines]
            before = worker.cpu_s()
            await self._say(events)
            await until_all_is_applied(self.kafka, [worker])
            us = (worker.cpu_s() - before) / number / samples * 1e6
            told.append(f"{us:.2f} in frames of {samples}")
        messages.print(f"µs a sample: {', '.join(told)}")

    async def _must_be_whole(self) -> None:
        """Refuse figures of parts that are lost or counted twice, and of wrong alerts."""
        said = await all_said(self.kafka)
        good = {path: number for path, number in said.good.items() if number}
        if good != dict(self.good) or said.firing != dict(self.firing):
            wrong = {one for one in self.good if good.get(one) != self.good[one]}
            raise PlantstreamError(
                f"{sum(self.good.values())} parts were sent, {sum(good.values())} are there; "
                f"{len(wrong)} machines differ, such as {min(wrong, default='none')}; "
                f"{sum(self.firing.values())} alerts were due, {sum(said.firing.values())} came"
            )


async def _read_bare(kafka: "KafkaSettings") -> float:
    """Seconds in which the rows of both journals are read, and nothing else is done."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import OEE_STATE, RULES_STATE

    begun = clock.monotonic()
    for topic in (OEE_STATE, RULES_STATE):
        async for _ in read_partitions(kafka, topic.name, range(topic.partitions)):
            pass
    return clock.monotonic() - begun
