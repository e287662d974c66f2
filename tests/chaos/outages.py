"""Parts that are away: brokers, the database, disks, and the networks between."""

import asyncio
import random
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

from plantstream.embedded import child
from plantstream.runtime.clock import monotonic
from tests.chaos.factory import Factory, Service
from tests.chaos.harm import Harm, UnkeptError, some_time
from tests.chaos.infrastructure import Program
from tests.proxy import Delay, Way

FILL_BYTES = 65_536
WAITING_PER_S = 10.0
"""Of frames and events; the edge makes more of twenty presses."""


class Counted(NamedTuple):
    """Who waits for a part, and where that is told."""

    service: Service
    metric: str
    labels: tuple[tuple[str, str], ...] = ()
    at_least_per_s: float = 0.0


COUNTED = {
    "edge": Counted("ingest", "plantstream_edge_unavailable_total", (("part", "spool"),)),
    "kafka": Counted("ingest", "plantstream_edge_spool_depth", at_least_per_s=WAITING_PER_S),
    "database": Counted("sink", "plantstream_sink_retries_total"),
}


def broker_down(seconds: float, *, is_killed: bool) -> Harm:
    """The broker is away for so long."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await some_time(chance)
        return await _down(factory.parts.brokers[0], seconds, is_killed=is_killed)

    return harm


def one_broker_down(seconds: float) -> Harm:
    """One of several brokers is killed and away for so long; the others go on at once."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await some_time(chance)
        broker = chance.choice(factory.parts.brokers)
        await broker.kill()
        factory.repairs.append(asyncio.create_task(_started_after(broker, seconds)))
        return monotonic()

    return harm


def database_down(seconds: float, *, is_killed: bool) -> Harm:
    """The database is away for so long."""

    async def harm(factory: Factory, chance: random.Random) -> float:
        await some_time(chance)
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
        await some_time(chance)
        before = await _waits(factory, "database")
        factory.parts.to_database.swallow(Way.BOTH)
        await asyncio.sleep(seconds)
        factory.parts.to_database.mend()
        since = monotonic()
        await _must_be_counted(factory, "database", before)
        return since

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
        await some_time(chance)
        before = await _waits(factory, "database")
        await _set_read_only(factory, "on")
        await asyncio.sleep(seconds)
        await _set_read_only(factory, "off")
        since = monotonic()
        await _must_be_counted(factory, "database", before)
        return since

    return harm


def disk_full(place: str, seconds: float) -> Harm:
    """Nothing more fits on the disk of a part; then there is room, and what died is started.

    Whoever had to wait for it tells that meanwhile.
    """

    async def harm(factory: Factory, chance: random.Random) -> float:
        await some_time(chance)
        before = await _waits(factory, place)
        filler = factory.home / place / "filler"
        await asyncio.to_thread(_fill, filler)
        async with factory.parts.to_kafka.away() if place == "edge" else nullcontext():
            # A spool that is emptied as it fills needs no more room.
            await asyncio.sleep(seconds)
        most = COUNTED[place].at_least_per_s * seconds
        is_counted = await _waits(factory, place) > before + most
        filler.unlink()
        since = monotonic()
        for program in (*factory.parts.brokers, factory.parts.database):
            if not program.runs:
                await program.start()
                since = monotonic()
        if not is_counted:
            raise UnkeptError(f"{COUNTED[place].service} does not tell that it waits")
        return since

    return harm


async def edge_cut_off(factory: Factory, chance: random.Random) -> float:
    """The edge's way to the broker: drops, cuts in mid-stream, half-open, log-normal delays."""
    way = factory.parts.to_kafka
    cuts, lost = way.cuts, way.lost_bytes
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
    await some_time(chance)
    way.mend()
    way.slow_down(None)
    if way.cuts == cuts or way.lost_bytes == lost:
        raise UnkeptError("nothing was cut off, or nothing was lost on the way")
    return monotonic()


async def _down(program: Program, seconds: float, *, is_killed: bool) -> float:
    if is_killed:
        await program.kill()
    else:
        await program.stop()
    await asyncio.sleep(seconds)
    await program.start()
    return monotonic()


async def _started_after(program: Program, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await program.start()


async def _set_read_only(factory: Factory, value: str) -> None:
    settings = factory.parts.database_settings
    where = ("-h", settings.host, "-p", str(settings.port), "-U", settings.user, settings.name)
    for asked in (
        f"ALTER SYSTEM SET default_transaction_read_only = {value}",
        "SELECT pg_reload_conf()",
    ):
        code = await child.run(("psql", "-qX", *where, "-c", asked), factory.home / "psql.log")
        assert code == 0, child.log_tail(factory.home / "psql.log")


async def _must_be_counted(factory: Factory, place: str, before: float) -> None:
    """The fault has reached who it is meant for."""
    if await _waits(factory, place) <= before:
        raise UnkeptError(f"{COUNTED[place].service} does not tell that it had to wait")


async def _waits(factory: Factory, place: str) -> float:
    counted = COUNTED[place]
    found = await factory.worker(counted.service).metrics()
    return found.get((counted.metric, counted.labels), 0.0)


def _fill(filler: Path) -> None:
    """Take all the room there is."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"0" * FILL_BYTES)
