"""An in-memory log and providers without a network, for the notifier's loop in simulated time."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from plantstream.runtime.ports import Assigned, Outgoing, Record, TopicPartition
from schemas.alerts import DeliveryAttempt, Notification
from schemas.codec import decode, encode
from schemas.partitioning import partition_of
from schemas.topics import DEADLETTER, DELIVERY, NOTIFICATION
from sinks.notify.breaker import Resting
from sinks.notify.delivery import FINAL, Retrying
from sinks.notify.limits import NotifyLimits
from sinks.notify.loop import NotifyLoop
from sinks.notify.message import RefusedError, Sent, TemporaryError
from sinks.notify.meters import NotifyMeters
from sinks.notify.ports import NotifyPorts, NotifyTime
from tests.sinks.notify.notifications import AT

IDLE_S = 0.2
LIMIT_S = 7200.0
RATES = {"mail": 1000.0, "sms": 1000.0, "chat": 1000.0}

Answering = Callable[[Notification, str, int], Awaitable[Sent]]
"""What a provider does with the n-th message of this id on this channel."""


class Crash:
    """Stops everything for ever at the n-th step that anybody takes."""

    def __init__(self, at: int | None = None) -> None:
        self._at, self.steps = at, 0
        self.happened = asyncio.Event()

    async def step(self) -> None:
        if self.steps == self._at:
            self.happened.set()
        self.steps += 1
        if self.happened.is_set():
            await asyncio.Event().wait()
        await asyncio.sleep(0)


@dataclass
class World:
    """What outlives a crash: the topics, what was committed, and what providers got."""

    topics: dict[TopicPartition, list[Record]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    arrived: list[tuple[str, str, bool, float]] = field(default_factory=list)
    """Notification, channel, whether it was marked as a repeat, and when."""
    asked: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    answering: Answering | None = None
    failures: list[Exception] = field(default_factory=list)
    """What the next calls to Kafka fail with."""
    inbox: "type[Inbox]" = field(default_factory=lambda: Inbox)
    """How notifications are read."""
    lost: set[TopicPartition] = field(default_factory=set)
    """Partitions that the group has given to others."""
    asked_group: int = 0
    """How often somebody asked whether a partition is his."""
    crash: Crash = field(default_factory=Crash)
    _over: set[str] = field(default_factory=set)
    _seen: dict[TopicPartition, int] = field(default_factory=dict)

    def append(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        kept = self.topics[TopicPartition(topic, partition)]
        kept.append(Record(topic, partition, len(kept), key, value))

    def notify(self, *told: Notification) -> None:
        for one in told:
            partition = partition_of(one.group.encode(), NOTIFICATION.partitions)
            self.append(NOTIFICATION.name, partition, one.id.encode(), encode(one))

    def attempts(self) -> list[DeliveryAttempt]:
        """All records of deliveries, per partition in order."""
        return [
            decode(DELIVERY, record.value)
            for source, records in self.topics.items()
            if source.topic == DELIVERY.name
            for record in records
        ]

    def outcomes(self, id: str) -> list[tuple[str, str]]:
        """Channel and outcome of every record of a notification."""
        return [(one.channel, one.outcome) for one in self.attempts() if one.notification == id]

    def ids(self) -> set[str]:
        return {
            decode(NOTIFICATION, record.value).id
            for source, records in self.topics.items()
            if source.topic == NOTIFICATION.name
            for record in records
        }

    def over(self) -> set[str]:
        for source, records in self.topics.items():
            if source.topic == DELIVERY.name:
                seen = self._seen.get(source, 0)
                self._seen[source] = len(records)
                some = [decode(DELIVERY, one.value) for one in records[seen:]]
                self._over |= {one.notification for one in some if one.outcome in FINAL}
        return self._over

    def lose_outcomes(self) -> None:
        """Leave intents alone, and offsets as if nothing had been committed."""
        for source, records in self.topics.items():
            if source.topic == DELIVERY.name:
                kept = [r for r in records if decode(DELIVERY, r.value).outcome == "intent"]
                records[:] = kept
        self._over, self._seen = set(), {}
        self.committed.clear()

    def letters(self) -> int:
        found = (source for source in self.topics if source.topic == DEADLETTER.name)
        return sum(len(self.topics[source]) for source in found)

    # What the loop sees.

    async def send(self, records: Sequence[Outgoing]) -> None:
        await self.crash.step()
        if self.failures:
            raise self.failures.pop()
        for one in records:
            self.append(one.topic, one.partition, one.key, one.value)
        await self.crash.step()

    async def read(self, partitions: Collection[int]) -> AsyncIterator[Record]:
        for number in partitions:
            await self.crash.step()
            for record in list(self.topics[TopicPartition(DELIVERY.name, number)]):
                yield record

    async def deliver(self, told: Notification, channel: str, repeated: bool) -> Sent:
        await self.crash.step()
        self.asked[told.id, channel] += 1
        if self.answering is None:
            return await self.arrive(told, channel, repeated)
        try:
            sent = await self.answering(told, channel, self.asked[told.id, channel])
        except CutError:
            await self.arrive(told, channel, repeated)
            raise TemporaryError("cut", unclear=True) from None
        self.arrived.append((told.id, channel, repeated, seconds()))
        await self.crash.step()
        return sent

    async def arrive(self, told: Notification, channel: str, repeated: bool) -> Sent:
        self.arrived.append((told.id, channel, repeated, seconds()))
        await self.crash.step()
        return Sent(f"p-{told.id}")


class CutError(Exception):
    """The provider took the message; its answer never came."""


class Inbox:
    """Reads the world's notifications from what was committed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._next: dict[TopicPartition, int] | None = None

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        await self._world.crash.step()
        if self._world.failures:
            raise self._world.failures.pop()
        if self._next is None:
            ours = [TopicPartition(NOTIFICATION.name, n) for n in range(NOTIFICATION.partitions)]
            self._next = {one: self._world.committed.get(one, 0) for one in ours}
            return Assigned(frozenset(ours))
        found: list[Record] = []
        for source, next in self._next.items():
            some = self._world.topics[source][next : next + limit - len(found)]
            self._next[source] += len(some)
            found += some
        if not found:
            await asyncio.sleep(IDLE_S)
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self._world.crash.step()
        self._world.committed |= offsets
        await self._world.crash.step()

    async def is_ours(self, partition: TopicPartition) -> bool:
        await self._world.crash.step()
        self._world.asked_group += 1
        return partition not in self._world.lost


def seconds() -> float:
    """Simulated time since the beginning."""
    return asyncio.get_running_loop().time()


def now() -> datetime:
    return AT + timedelta(seconds=seconds())


def loop_of(
    world: World,
    rates: Mapping[str, float] | None = None,
    retrying: Retrying | None = None,
    resting: Resting | None = None,
    registry: CollectorRegistry | None = None,
    clock: Callable[[], datetime] = now,
) -> NotifyLoop:
    """A notifier of this world."""
    ports = NotifyPorts(world.inbox(world), world, world, world.deliver)
    limits = NotifyLimits(
        rates or RATES, retrying=retrying or Retrying(), resting=resting or Resting()
    )
    meters = NotifyMeters(registry or CollectorRegistry())
    return NotifyLoop(ports, NotifyTime(clock, asyncio.sleep, seconds), meters, limits)


async def run_until(loop: NotifyLoop, met: Callable[[], bool]) -> None:
    """Run the loop until something holds, then stop it in order."""
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(LIMIT_S):
        while not met():
            if running.done():
                await running
            await asyncio.sleep(IDLE_S)
    loop.stop()
    await running


async def run_until_crash(loop: NotifyLoop, world: World, met: Callable[[], bool]) -> None:
    """Run the loop until the world's crash, or until something holds."""
    running = asyncio.create_task(loop.run())
    async with asyncio.timeout(LIMIT_S):
        while not (world.crash.happened.is_set() or met()):  # noqa: ASYNC110 - either of two
            await asyncio.sleep(IDLE_S)
    running.cancel()
    await asyncio.wait([running])


def refuse(*channels: str) -> Answering:
    """These channels refuse everything."""

    async def answer(told: Notification, channel: str, _: int) -> Sent:
        if channel in channels:
            raise RefusedError("HTTP 400: no")
        return Sent(told.id)

    return answer


def fail(times: int, *channels: str, **how: object) -> Answering:
    """These channels fail so many times per message; `how` is TemporaryError's."""

    async def answer(told: Notification, channel: str, turn: int) -> Sent:
        if channel in channels and turn <= times:
            raise TemporaryError("HTTP 503", **how)  # type: ignore[arg-type] # as the test says
        return Sent(told.id)

    return answer
