"""What is done to a factory: kills, pauses, restarts, networks and parts that are away."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from plantstream.embedded import child
from plantstream.runtime.clock import monotonic
from tests.chaos.factory import SERVICES, Factory, Service
from tests.chaos.infrastructure import Program
from tests.integration.line import Running
from tests.proxy import Delay, Way

Harm = Callable[[Factory, random.Random], Awaitable[float]]
"""Does it, and gives the moment (of the monotonic clock) from which the recovery counts."""

SOME_TIME_S = (0.5, 3.0)
STOPS_WITHIN_S = 10.0
FROZEN_S = 30.0
SHARED_LIMIT_S = 60.0
COMES_AND_GOES_S = 5.0
LOOK_S = 0.1
ACTS_WITHIN_S = 90.0
FILL_BYTES = 65_536


class TooSlowError(Exception):
    """Something took longer than the row allows."""


def killed(name: Service) -> Harm:
    """SIGKILL at a random moment, and started again at once."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        await factory.kill(name)
        began = monotonic()
        await factory.launch(name)
        return began

    return harm


def taken_over(name: Service) -> Harm:
    """SIGKILL of one of two; the other takes over, and stays."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        second = await _with_a_second(factory, name)
        await _some_time(chance)
        victim, heir = chance.sample([factory.slots[name], second], k=2)
        await factory.kill(name, victim)
        factory.slots[name] = heir
        return monotonic()

    return harm


def frozen(name: Service) -> Harm:
    """SIGSTOP of one of two for 30 s, then SIGCONT: what the woken one writes must not count."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        second = await _with_a_second(factory, name)
        await _some_time(chance)
        victim = factory.worker(name)
        victim.freeze()
        await asyncio.sleep(FROZEN_S)
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
            raise TooSlowError(f"{name} took {monotonic() - asked:.1f} s to stop")
        began = monotonic()
        await factory.start(name)
    return began


def broker_down(seconds: float, *, is_killed: bool) -> Harm:
    """The broker is away for so long."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        return await _down(factory.parts.brokers[0], seconds, is_killed=is_killed)

    return harm


def database_down(seconds: float, *, is_killed: bool) -> Harm:
    """The database is away for so long."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        return await _down(factory.parts.database, seconds, is_killed=is_killed)

    return harm


def database_away_for(samples: int) -> Harm:
    """The database is killed, and stays away until so many samples have piled up."""

    async def harm(factory: Factory, _: random.Random) -> float:
        await factory.parts.database.kill()
        await factory.bulk.say(factory.line.kafka, samples)
        await factory.parts.database.start()
        return monotonic()

    return harm


def database_swallowed(seconds: float) -> Harm:
    """The sink's connections to the database take everything and answer nothing."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        factory.parts.to_database.swallow(Way.BOTH)
        await asyncio.sleep(seconds)
        factory.parts.to_database.mend()
        return monotonic()

    return harm


def slow_database(seconds: float) -> Harm:
    """Everything to and from the database takes 100 ms each way."""

    async def harm(factory: Factory, _: random.Random) -> float:
        factory.parts.to_database.slow_down(Delay(median_s=0.1, sigma=0.0))
        factory.parts.to_database.drop()
        await asyncio.sleep(seconds)
        factory.parts.to_database.slow_down(None)
        factory.parts.to_database.drop()
        return monotonic()

    return harm


def read_only(seconds: float) -> Harm:
    """The database refuses to write, as one does that was demoted."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        await _set_read_only(factory, "on")
        await asyncio.sleep(seconds)
        await _set_read_only(factory, "off")
        return monotonic()

    return harm


def disk_full(place: str, seconds: float) -> Harm:
    """Nothing more fits on the disk of a part; then there is room, and what died is started."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await _some_time(chance)
        filler = factory.home / place / "filler"
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(seconds)
        filler.unlink()
        for program in (*factory.parts.brokers, factory.parts.database):
            if program.process is not None and program.process.returncode is not None:
                await program.start()
        return monotonic()

    return harm


async def loop_blocked(factory: Factory, _: random.Random) -> float:
    """The event loop of the processor stands still for 40 s: the watchdog ends it before."""
    await factory.stop("oee")
    blocked = await factory.launch("oee", fault="oee.applied@100/40")
    await blocked.ready()
    try:
        async with asyncio.timeout(ACTS_WITHIN_S):
            await blocked.process.wait()
    except TimeoutError:
        raise TooSlowError("the watchdog did not act") from None
    await factory.launch("oee")
    return monotonic()


async def edge_cut_off(factory: Factory, chance: random.Random) -> float:
    """The edge's way to the broker: drops, cuts in mid-stream, half-open, log-normal delays."""
    way = factory.parts.to_kafka
    way.slow_down(Delay())
    for _ in range(6):
        await asyncio.sleep(chance.uniform(0.5, 3))
        match chance.choice(("drop", "cut", "swallow", "away")):
            case "drop":
                way.drop()
            case "cut":
                way.cut_after(chance.randint(1, 40_000))
            case "swallow":
                way.swallow(chance.choice([Way.UP, Way.DOWN, Way.BOTH]))
                await asyncio.sleep(chance.uniform(0.5, 4))
                way.mend()
            case _:
                async with way.away():
                    await asyncio.sleep(chance.uniform(1, 5))
    way.mend()
    way.slow_down(None)
    return monotonic()


async def workers_come_and_go(factory: Factory, chance: random.Random) -> float:
    """A second processor and a second sink join and leave every 5 s."""
    for turn in range(4):
        name: Service = ("oee", "sink")[turn % 2]
        slot = factory.free_slot(name)
        await factory.launch(name, slot)
        await asyncio.sleep(COMES_AND_GOES_S)
        if chance.random() < 0.5:
            await factory.kill(name, slot)
        else:
            await factory.stop(name, slot)
    return monotonic()


async def _some_time(chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(*SOME_TIME_S))


async def _down(program: Program, seconds: float, *, is_killed: bool) -> float:
    if is_killed:
        await program.kill()
    else:
        await program.stop()
    await asyncio.sleep(seconds)
    await program.start()
    return monotonic()


async def _with_a_second(factory: Factory, name: Service) -> str:
    """Start a second worker, wait until both have partitions, and give the slot of the second."""
    slot = factory.free_slot(name)
    workers = factory.worker(name), await factory.start(name, slot)
    async with asyncio.timeout(SHARED_LIMIT_S):
        while not all([await owned(name, one) for one in workers]):
            workers[1].must_live()
            await asyncio.sleep(LOOK_S)
    return slot


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
        raise TooSlowError("the woken worker neither shares again nor has ended") from None


async def _set_read_only(factory: Factory, value: str) -> None:
    settings = factory.parts.database_settings
    where = ("-h", settings.host, "-p", str(settings.port), "-U", settings.user, settings.name)
    for asked in (
        f"ALTER SYSTEM SET default_transaction_read_only = {value}",
        "SELECT pg_reload_conf()",
    ):
        code = await child.run(("psql", "-qX", *where, "-c", asked), factory.home / "psql.log")
        assert code == 0, child.log_tail(factory.home / "psql.log")


def _fill(filler: Path) -> None:
    """Take all the room there is."""
    with filler.open("wb") as file, suppress(OSError):
        while True:
            file.write(b"0" * FILL_BYTES)


async def owned(name: Service, worker: Running) -> int:
    """Partitions of a worker."""
    found = await worker.metrics()
    metric = "plantstream_sink_partitions" if name == "sink" else "plantstream_processor_partitions"
    return int(sum(value for (what, _), value in found.items() if what == metric))
