"""Our run, a process of its own: the real shell, Faust's feed and the journal in Kafka."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from plantstream.commands.bench_tags import plant_file
from plantstream.commands.console import quiet_logs
from plantstream.runtime.clock import now
from plantstream.runtime.garbage import collect_seldom
from plantstream.runtime.kafka.admin import end_offsets
from plantstream.runtime.kafka.journal import KafkaJournal
from plantstream.runtime.ports import Assigned, Feed, Record, TopicPartition
from plantstream.runtime.settings import KafkaSettings
from processors.step import Sites
from processors.streams.faust_feed import FaustFeed
from processors.streams.metrics import ProcessorMetrics
from processors.streams.ports import ShellPorts
from processors.streams.shell import Shell
from schemas.plant.load import PlantFile
from schemas.topics import TELEMETRY
from tests.bench.peers.engine import WindowedEngine
from tests.bench.peers.stopwatch import Stopwatch


class OnePlant:
    """The plant file that all frames name."""

    def __init__(self) -> None:
        self._plant = plant_file()

    async def known(self, versions: set[str]) -> Mapping[str, PlantFile]:
        """It."""
        return {self._plant.version: self._plant} if self._plant.version in versions else {}

    async def in_force(self, now: datetime) -> Sites:
        """None was applied."""
        del now
        return {}


class Bounded:
    """A feed that tells the shell to stop once it has handed out all of the backlog."""

    def __init__(self, feed: Feed, ends: Mapping[TopicPartition, int], watch: Stopwatch) -> None:
        self._feed, self._watch = feed, watch
        self._left = {place: end for place, end in ends.items() if end}
        self.shell: Shell | None = None

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """What the feed has."""
        polled = await self._feed.poll(limit)
        if not polled or isinstance(polled, Assigned):
            return polled
        self._watch.read(len(polled))
        for record in polled:
            if record.end >= self._left.get(record.source, record.end + 1):
                del self._left[record.source]
        if not self._left and self.shell:
            self.shell.stopping = True
        return polled

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """To the group."""
        await self._feed.commit(offsets)

    async def rewind(self, position: TopicPartition, offset: int) -> int:
        """As the feed does."""
        return await self._feed.rewind(position, offset)

    def end(self, position: TopicPartition) -> int | None:
        """As the feed knows it."""
        return self._feed.end(position)

    def is_read(self, position: TopicPartition, offset: int, end: int) -> bool:
        """As the feed knows it."""
        return self._feed.is_read(position, offset, end)

    def is_dealing(self) -> bool:
        """As the feed does."""
        return self._feed.is_dealing()

    async def is_member(self) -> bool:
        """As the group says."""
        return await self._feed.is_member()


async def run(settings: KafkaSettings, name: str, out: Path) -> None:
    """Process the backlog to its end; the last transaction is part of it."""
    engine, watch = WindowedEngine(name), Stopwatch()
    ends = await end_offsets(settings, [TELEMETRY])
    async with (
        KafkaJournal(settings, engine.name, engine.memory.name) as journal,
        FaustFeed(settings, engine.name, engine.inputs, "0") as feed,
    ):
        bounded = Bounded(feed, ends, watch)
        ports = ShellPorts(bounded, journal, OnePlant(), now)
        metrics = ProcessorMetrics(CollectorRegistry()).of(engine.name)
        bounded.shell = Shell(engine, ports, metrics)
        await bounded.shell.run()
        watch.write(out)


def main() -> None:
    """As `python -m tests.bench.peers.ours` is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    collect_seldom()
    quiet_logs()
    settings = KafkaSettings(bootstrap_servers=asked.servers)
    asyncio.run(run(settings, asked.name, asked.out))


if __name__ == "__main__":
    main()
