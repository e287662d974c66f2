"""A plant in one process whose people are told: edge, rules, dispatcher, notifiers, real loops."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from ingest.agent import run_agent
from ingest.options import AgentOptions, World as AgentWorld
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Assigned, Record, TopicPartition
from processors.calendar import PlanCalendar
from processors.dispatch.engine import DispatchEngine
from processors.rules.equipment import RulesEngine
from processors.step import Engine
from processors.streams.metrics import ProcessorMetrics
from processors.streams.plants import PublishedPlants
from processors.streams.ports import ShellLimits, ShellPorts
from processors.streams.shell import Shell
from processors.streams.upstream import Ends, KafkaUpstream, NoUpstream, Upstream
from schemas.alerts import Notification
from schemas.plant.load import load_plant
from schemas.topics import ALERT, DELIVERY, MACHINE, NOTIFICATION, OPERATOR, TELEMETRY
from sinks.notify.limits import NotifyLimits
from sinks.notify.loop import NotifyLoop
from sinks.notify.message import Sent, TemporaryError
from sinks.notify.meters import NotifyMeters
from sinks.notify.ports import NotifyPorts, NotifyTime
from tests.simulation.adapters import SimulatedJournal, SimulatedSender, read_models
from tests.simulation.broker import MemoryBroker
from tests.simulation.clockwork import simulate
from tests.simulation.faults import Faults
from tests.simulation.groups import Group, Member, SimulatedFeed
from tests.simulation.heat import PLANT, SITE, Heat, HeatStory, HeatTelling
from tests.simulation.hosts import BROKER, PROVIDER, Lost
from tests.simulation.lives import Keepers, Life
from tests.simulation.processes import Process
from tests.simulation.spools import Disk
from tests.simulation.story import START

PATIENCE_S = 7200.0
"""After the end of a story, everybody must have been told within this simulated time."""
AFTER_THAT_S = 600.0
"""What must not be told is waited for so long."""
PROVIDER_CUT = 0.02
TOLD_WITHIN = timedelta(seconds=120)
CHANNELS = {"first": 1000.0, "second": 1000.0}
_LIMITS = ShellLimits(tick_s=30)


@dataclass(frozen=True, slots=True)
class Told:
    """A message as the provider got it."""

    channel: str
    notification: Notification
    repeated: bool
    at: datetime


@dataclass
class Provider:
    """Takes messages; now and then it does not answer, or nobody hears that it did."""

    told: list[Told] = field(default_factory=list)

    def alerts(self, channel: str, why: str) -> Counter[tuple[str, datetime]]:
        """How often each heat was told on this channel for this reason, repeats left out."""
        found: Counter[tuple[str, datetime]] = Counter()
        for notification in self._each(channel, why):
            found.update(
                (one.labels["equipment"].rpartition("/")[2], one.starts_at)
                for one in notification.alerts
            )
        return found

    def unmarked(self) -> list[str]:
        """Messages that came more than once, and more than one of them did not say so."""
        plain = Counter((one.channel, one.notification.id) for one in self.told if not one.repeated)
        return [f"{name} came {times} times as new" for name, times in plain.items() if times > 1]

    def too_late(self, heat: Heat) -> list[str]:
        """Where nothing goes wrong, each heat is told soon, whatever went wrong before."""
        found = [
            one.at
            for one in self.told
            if one.notification.why == "firing"
            and any(alert.starts_at == heat.start for alert in one.notification.alerts)
        ]
        late = min(found, default=heat.start) - heat.start
        return [f"{heat.name}: told after {late}"] if late > TOLD_WITHIN else []

    def _each(self, channel: str, why: str) -> list[Notification]:
        on_it = {one.notification.id: one for one in self.told if one.channel == channel}
        return [one.notification for one in on_it.values() if one.notification.why == why]


class SimulatedInbox:
    """The notifier's port: begins at the group's offsets, and lets go before others begin."""

    def __init__(self, member: Member) -> None:
        self._member, self._process = member, member.process

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Records, or that none is ours, or, when all have let go, what is ours from here on."""
        return await self._member.poll_in_order(limit)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember it, unless the group gave this one up."""
        await self._process.point()
        await self._process.asks(BROKER)
        if not self._member.expelled:
            self._member.group.committed |= offsets

    async def is_ours(self, partition: TopicPartition) -> bool:
        """Whether the group counts on it, and it has heard of what was dealt out last."""
        await self._process.point()
        await self._process.asks(BROKER)
        await self._process.hears(BROKER)
        knows = not self._member.expelled and not self._member.news
        return knows and partition in self._member.assigned


@dataclass(frozen=True)
class SimulatedPast:
    """What was recorded of deliveries."""

    process: Process
    broker: MemoryBroker

    async def read(self, partitions: Collection[int]) -> AsyncIterator[Record]:
        """All of these partitions."""
        await self.process.point()
        await self.process.asks(BROKER)
        await self.process.hears(BROKER)
        for number in sorted(partitions):
            for record in self.broker.read(TopicPartition(DELIVERY.name, number), 0):
                yield record


class PagesWorld:
    """One run of a story of heat."""

    def __init__(self, story: HeatStory, faults: Faults) -> None:
        self.story, self.faults = story, faults
        self.broker, self.disk, self.provider = MemoryBroker(), Disk(faults), Provider()
        self._plant = load_plant(PLANT, "plant.yaml")
        self._told = False
        used = story.used_partitions
        self._rules = self._group((TELEMETRY.name, MACHINE.name), used)
        self._dispatch = self._group((ALERT.name, OPERATOR.name), (0,))
        self._notify = self._group((NOTIFICATION.name,), range(NOTIFICATION.partitions))

    def run(self) -> "PagesWorld":
        """Live the story through, until everybody was told."""
        try:
            simulate(self._run)
        finally:
            self.disk.close()
        return self

    def differences(self) -> list[str]:
        """Everything that is not as it must be, in words."""
        fired, ended = (
            self.provider.alerts("first", "firing"),
            self.provider.alerts("first", "resolved"),
        )
        called = self.provider.alerts("second", "escalated")
        heats = {one.name for one in self.story.heats}
        long = {one.name for one in self.story.heats if one.is_long}
        return [
            *(f"{one}: nobody was told" for one in heats - fired.keys()),
            *(f"{one}: nobody was told that it is over" for one in heats - ended.keys()),
            *(f"{one}: there was no such heat" for one in (fired + ended).keys() - heats),
            *(f"{one}: told {times} times" for one, times in fired.items() if times > 1),
            *(f"{one}: nobody else was called" for one in long - called.keys()),
            *(f"{one}: somebody else was called" for one in called.keys() - long),
            *self.provider.unmarked(),
            *self.provider.too_late(self.story.last),
        ]

    async def _run(self) -> None:
        lives: dict[str, Life] = {"edge": self._edge}
        for slot in range(2):
            lives |= {
                f"rules {slot}": self._processor(RulesEngine(), self._rules),
                f"dispatcher {slot}": self._processor(DispatchEngine(PlanCalendar), self._dispatch),
                f"notifier {slot}": self._notifier,
            }
        keepers = Keepers(self.faults, lambda name: self._told and name == "edge")
        await keepers.keep(lives, self._until_told)

    async def _until_told(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(loop.time() + self.story.end_s + PATIENCE_S):
                await self._told_all()
        await asyncio.sleep(AFTER_THAT_S)

    async def _told_all(self) -> None:
        while True:
            await asyncio.sleep(30)
            if self._told and not self.differences():
                return

    async def _edge(self, process: Process) -> None:
        now = _clock_of(process)
        spool = self.disk.boot(process, now)
        sender = SimulatedSender(process, self.broker)
        options, inputs = AgentOptions.replay_as_live(), {"field": HeatTelling(self.story)}
        world = AgentWorld(now, bytes)
        await run_agent((self._plant, inputs), spool, sender, options, world)
        self._told = True

    def _processor(self, engine: Engine[Any], group: Group) -> Life:
        async def life(process: Process) -> None:
            journal = SimulatedJournal(process, self.broker, engine.memory.name)
            plants = PublishedPlants(partial(read_models, process, self.broker))
            metrics = ProcessorMetrics(CollectorRegistry()).of(engine.name)
            upstream = self._upstream(process) if group is self._dispatch else NoUpstream()
            feed = SimulatedFeed(group.join(process))
            ports = ShellPorts(feed, journal, plants, _clock_of(process), upstream)
            await Shell(engine, ports, metrics, _LIMITS).run()

        return life

    async def _notifier(self, process: Process) -> None:
        async def send(told: Notification, channel: str, repeated: bool) -> Sent:
            return await self._send(process, (channel, told, repeated))

        ports = NotifyPorts(
            SimulatedInbox(self._notify.join(process)),
            SimulatedPast(process, self.broker),
            SimulatedSender(process, self.broker),
            send,
        )
        time = NotifyTime(_clock_of(process), asyncio.sleep, lambda: process.now_s)
        meters, limits = NotifyMeters(CollectorRegistry()), NotifyLimits(CHANNELS, SITE)
        await NotifyLoop(ports, time, meters, limits).run()

    async def _send(self, process: Process, message: tuple[str, Notification, bool]) -> Sent:
        await process.point()
        if process.faults.happens("providers away", 0.1, process.now_s):
            raise TemporaryError("503", retry_after=process.faults.rng.uniform(0, 20))
        await self._over_the_line(process, Lost.ASKED)
        self.provider.told.append(Told(*message, START + timedelta(seconds=process.now_s)))
        await process.point()
        await self._over_the_line(process, Lost.ANSWERED)
        if process.faults.happens("answers of providers lost", 0.05, process.now_s):
            raise TemporaryError("no answer", unclear=True)
        return Sent()

    async def _over_the_line(self, process: Process, way: Lost) -> None:
        try:
            await process.asks(PROVIDER, way, PROVIDER_CUT)
        except UnavailableError as error:
            raise TemporaryError(str(error), unclear=True) from error

    def _upstream(self, process: Process) -> Upstream:
        async def ends() -> Ends:
            await process.asks(BROKER)
            await process.hears(BROKER)
            return {at: self.broker.end(at) for at in self._rules.partitions}

        async def left(ends: Ends) -> int:
            await process.asks(BROKER)
            await process.hears(BROKER)
            committed = self._rules.committed
            return sum(max(0, end - committed.get(at, 0)) for at, end in ends.items())

        return KafkaUpstream(ends, left)

    def _group(self, topics: Sequence[str], partitions: Collection[int]) -> Group:
        every = [TopicPartition(topic, number) for topic in topics for number in partitions]
        return Group(self.broker, tuple(every))


def _clock_of(process: Process) -> Callable[[], datetime]:
    """The clock on the wall of its host."""
    return lambda: START + timedelta(seconds=process.host.seconds())
