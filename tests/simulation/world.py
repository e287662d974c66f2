"""A plant in one process: edge, processors and sinks with their real loops, on simulated parts."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import CollectorRegistry

from ingest.agent import run_agent
from ingest.options import AgentOptions, World as AgentWorld
from plantstream.runtime.ports import Outgoing, TopicPartition
from processors.oee.engine import OeeEngine
from processors.streams.metrics import ProcessorMetrics
from processors.streams.plants import PublishedPlants
from processors.streams.ports import ShellLimits, ShellPorts
from processors.streams.shell import Shell
from schemas.plant.load import load_plant
from schemas.topics import DEADLETTER, KPI, MACHINE, OEE_STATE, TELEMETRY
from sinks.meters import SinkMeters
from sinks.runner import SinkLimits, SinkLoop, SinkPorts, SinkTime
from tests.simulation.adapters import SimulatedJournal, SimulatedSender, read_models
from tests.simulation.broker import MemoryBroker
from tests.simulation.clockwork import simulate
from tests.simulation.databases import Database, SimulatedSink
from tests.simulation.faults import Faults
from tests.simulation.groups import Group, SimulatedFeed, SimulatedReader
from tests.simulation.lives import Keepers, Life
from tests.simulation.processes import Process
from tests.simulation.spools import Disk
from tests.simulation.story import START, Story, Telling

POISON_EVERY_S = 300.0
PATIENCE_S = 7200.0
"""After the end of a story, everything must be stored within this simulated time."""
_LIMITS = ShellLimits(tick_s=90)
_SINK_LIMITS = SinkLimits(linger_s=0.5)
STORED = (MACHINE, KPI, TELEMETRY, DEADLETTER)


@dataclass
class Durable:
    """What no crash takes away."""

    disk: Disk
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    database: Database = field(default_factory=Database)


class World:
    """One run of a story."""

    def __init__(self, story: Story, faults: Faults, slots: int = 2) -> None:
        self.story, self.faults, self._slots = story, faults, slots
        self.durable = Durable(Disk(faults))
        self._plant = load_plant(story.plant, "plant.yaml")
        self._told = False
        broker, used = self.durable.broker, story.used_partitions
        self._inputs = tuple(TopicPartition(MACHINE.name, number) for number in used)
        self._stored = tuple(TopicPartition(one.name, part) for one in STORED for part in used)
        self._processors, self._sinks = Group(broker, self._inputs), Group(broker, self._stored)

    def run(self) -> "World":
        """Live the story through, until everything is stored."""
        try:
            simulate(self._run)
        finally:
            self.durable.disk.close()
        return self

    def _clock_of(self, process: Process) -> Callable[[], datetime]:
        """The clock on the wall of its host, which stands still when the story is over."""

        def now() -> datetime:
            passed_ms = int(process.host.seconds() * 1000)
            return START + timedelta(milliseconds=min(passed_ms, self.story.end_ms))

        return now

    async def _run(self) -> None:
        lives: dict[str, Life] = {"edge": self._edge}
        for slot in range(self._slots):
            lives |= {f"processor {slot}": self._processor, f"sink {slot}": self._sink}
        poisoning = asyncio.create_task(self._poison())
        keepers = Keepers(self.faults, lambda name: self._told and name == "edge")
        await keepers.keep(lives, self._until_stored)
        await poisoning

    async def _poison(self) -> None:
        """Now and then somebody writes what is no record."""
        loop = asyncio.get_running_loop()
        while loop.time() < self.story.end_ms / 1000:
            await asyncio.sleep(POISON_EVERY_S)
            if self.faults.happens("poison bytes", 0.2, loop.time()):
                at = self.faults.rng.choice(self._inputs)
                offset = len(self.durable.broker.partitions[at].entries)
                self.durable.broker.append(Outgoing(at.topic, at.partition, b"key", b"{nope"))
                self.durable.database.poison.append(f"{at.topic}/{at.partition}/{offset}")

    async def _edge(self, process: Process) -> None:
        now = self._clock_of(process)
        world, spool = AgentWorld(now, bytes), self.durable.disk.boot(process, now)
        sender = SimulatedSender(process, self.durable.broker)
        options, inputs = AgentOptions.replay_as_live(), {"field": Telling(self.story)}
        await run_agent((self._plant, inputs), spool, sender, options, world)
        self._told = True

    async def _processor(self, process: Process) -> None:
        broker = self.durable.broker
        feed = SimulatedFeed(self._processors.join(process))
        journal = SimulatedJournal(process, broker, OEE_STATE.name)
        plants = PublishedPlants(partial(read_models, process, broker))
        metrics = ProcessorMetrics(CollectorRegistry()).of(OeeEngine.name)
        ports = ShellPorts(feed, journal, plants, self._clock_of(process))
        await Shell(OeeEngine(), ports, metrics, _LIMITS).run()

    async def _sink(self, process: Process) -> None:
        reader = SimulatedReader(self._sinks.join(process))
        sink = SimulatedSink(process, self.durable.database)
        ports = SinkPorts(reader, sink, SimulatedSender(process, self.durable.broker))
        meters = SinkMeters(CollectorRegistry())
        time = SinkTime(self._clock_of(process), asyncio.sleep)
        await SinkLoop(ports, time, meters, _SINK_LIMITS).run()

    async def _until_stored(self) -> None:
        deadline_s = self.story.end_ms / 1000 + PATIENCE_S
        while not (self._told and self._is_applied() and self._is_stored()):
            if asyncio.get_running_loop().time() > deadline_s:
                raise AssertionError(
                    f"not stored {PATIENCE_S:.0f} s after the end of the story; "
                    f"told: {self._told}, applied: {self._is_applied()}"
                )
            await asyncio.sleep(10)

    def _is_applied(self) -> bool:
        broker = self.durable.broker
        for at in self._inputs:
            rows = broker.rows(TopicPartition(OEE_STATE.name, at.partition))
            position = rows.get(f'["position","{at.topic}"]'.encode(), b"0")
            if int(position) < broker.end(at):
                return False
        return True

    def _is_stored(self) -> bool:
        stored = self.durable.database.positions
        ends = {at: self.durable.broker.end(at) for at in self._stored}
        return all(
            end == 0 or (at in stored and stored[at].next >= end) for at, end in ends.items()
        )


def played(story: Story, faults: Faults, slots: int = 2) -> World:
    """The world after the story."""
    return World(story, faults, slots).run()


def seconds(story: Story) -> float:
    """How long the story lasts."""
    return story.end_ms / 1000


def appended_twice(world: World) -> Counter[str]:
    """Records of edges that stand in the log more than once."""
    found: Counter[str] = Counter()
    for at, partition in world.durable.broker.partitions.items():
        if at.topic == MACHINE.name:
            found.update(str(record.value) for record in partition.committed(0))
    return Counter({value: times - 1 for value, times in found.items() if times > 1})
