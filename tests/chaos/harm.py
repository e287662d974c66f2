"""What is done to the services of a factory: kills, pauses, restarts, workers that come and go."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from plantstream.runtime.clock import monotonic
from plantstream.runtime.errors import EXIT_FAILED
from tests.chaos.factory import SERVICES, Factory, Service
from tests.integration.line import Running

Harm = Callable[[Factory, random.Random], Awaitable[float]]
"""Does it, and gives the moment (of the monotonic clock) from which the recovery counts."""

SOME_TIME_S = (0.5, 3.0)
STOPS_WITHIN_S = 10.0
FROZEN_S = 30.0
SHARED_LIMIT_S = 60.0
STAYS_S = 5.0
CHANGES = 8
SECONDS: tuple[Service, ...] = ("oee", "sink")
TAKEN_OVER_S = 25.0
WATCHDOG = "the watchdog ends this service: its event loop stands still"
LOOK_S = 0.1
ACTS_WITHIN_S = 90.0
ONE_AT_WORK: frozenset[Service] = frozenset({"dispatch"})
"""What it reads has one partition: a second worker stands by."""


class UnkeptError(Exception):
    """Something does not hold that the row promises."""


def killed(name: Service) -> Harm:
    """SIGKILL at a random moment, and started again at once."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await some_time(chance)
        await factory.kill(name)
        began = monotonic()
        await factory.launch(name)
        return began

    return harm


def taken_over(name: Service) -> Harm:
    """SIGKILL of one of two that is at work; the other takes over, and stays."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        everything = await owned(name, factory.worker(name))
        slots = factory.slots[name], await _with_a_second(factory, name)
        await some_time(chance)
        at_work = [slot for slot in slots if await owned(name, factory.running[name, slot])]
        victim = chance.choice(at_work)
        (heir,) = set(slots) - {victim}
        await factory.kill(name, victim)
        factory.slots[name] = heir
        began = monotonic()
        await _has_taken_over(name, factory.worker(name), everything)
        return began

    return harm


def frozen(name: Service) -> Harm:
    """SIGSTOP of one of two for 30 s, then SIGCONT: what the woken one writes must not count."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        victim = factory.worker(name)
        everything = await owned(name, victim)
        second = await _with_a_second(factory, name)
        await some_time(chance)
        victim.freeze()
        frozen_until = monotonic() + FROZEN_S
        try:
            await _has_taken_over(name, factory.running[name, second], everything)
            await asyncio.sleep(max(0.0, frozen_until - monotonic()))
        finally:
            victim.wake()
        began = monotonic()
        try:
            await _settled(name, victim, factory.running[name, second])
        finally:
            await factory.stop(name)
            factory.slots[name] = second
        return began

    return harm


async def rolling_restart(factory: Factory, chance: random.Random) -> float:
    """SIGTERM and a new start of every service, one after the other."""
    began = monotonic()
    for name in chance.sample(SERVICES, k=len(SERVICES)):
        asked = monotonic()
        await factory.stop(name)
        if monotonic() - asked > STOPS_WITHIN_S:
            raise UnkeptError(f"{name} took {monotonic() - asked:.1f} s to stop")
        began = monotonic()
        await factory.start(name)
    return began


async def loop_blocked(factory: Factory, _: random.Random) -> float:
    """The event loop of the processor stands still for 40 s: the watchdog ends it before.

    Then it is started anew, like all that end by themselves.
    """
    await factory.stop("oee")
    blocked = await factory.launch("oee", fault="oee.applied@100/40")
    await blocked.ready()
    try:
        async with asyncio.timeout(ACTS_WITHIN_S):
            await blocked.process.wait()
    except TimeoutError:
        raise UnkeptError("the watchdog did not act") from None
    if blocked.process.returncode != EXIT_FAILED or WATCHDOG not in blocked.last_words():
        raise UnkeptError(f"it was not the watchdog that ended it: {blocked.last_words()}")
    return monotonic()


async def workers_come_and_go(factory: Factory, chance: random.Random) -> float:
    """Every 5 s a second processor or a second sink comes, or goes, however far its group is."""
    there: dict[Service, str] = {}
    for _ in range(CHANGES):
        name = chance.choice(SECONDS)
        if name in there:
            await _gone(factory, name, there.pop(name), chance)
        else:
            there[name] = factory.free_slot(name)
            await factory.launch(name, there[name])
        await asyncio.sleep(STAYS_S)
    for name, slot in there.items():
        await _gone(factory, name, slot, chance)
    return monotonic()


async def _gone(factory: Factory, name: Service, slot: str, chance: random.Random) -> None:
    if chance.random() < 0.5:
        await factory.kill(name, slot)
    else:
        await factory.stop(name, slot)


async def some_time(chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(*SOME_TIME_S))


async def _with_a_second(factory: Factory, name: Service) -> str:
    """Start a second worker, wait until the partitions are dealt out, and give its slot."""
    slot = factory.free_slot(name)
    workers = factory.worker(name), await factory.start(name, slot)
    async with asyncio.timeout(SHARED_LIMIT_S):
        are_at_work = any if name in ONE_AT_WORK else all
        while not are_at_work([await owned(name, one) for one in workers]):
            workers[1].must_live()
            await asyncio.sleep(LOOK_S)
    return slot


async def _has_taken_over(name: Service, heir: Running, everything: int) -> None:
    """Everything is at the other worker."""
    try:
        async with asyncio.timeout(TAKEN_OVER_S):
            while await owned(name, heir) < everything:
                heir.must_live()
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise UnkeptError(f"nobody took over within {TAKEN_OVER_S:.0f} s") from None


async def _settled(name: Service, woken: Running, heir: Running) -> None:
    """The woken worker shares again with the one that took all over, or has ended."""
    everything = await owned(name, heir)
    try:
        async with asyncio.timeout(SHARED_LIMIT_S):
            while True:
                shares = await owned(name, heir) < everything and await owned(name, woken)
                if shares or woken.process.returncode is not None:
                    return
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        raise UnkeptError("the woken worker neither shares again nor has ended") from None


async def owned(name: Service, worker: Running) -> int:
    """Partitions of a worker; of one that runs several engines, of the one that has fewest."""
    found = await worker.metrics()
    if name == "notify":  # It tells the lag of each.
        return sum(what == "plantstream_consumer_lag_records" for what, _ in found)
    metric = "plantstream_sink_partitions" if name == "sink" else "plantstream_processor_partitions"
    return int(min((value for (what, _), value in found.items() if what == metric), default=0))
