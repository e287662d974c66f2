"""The edge between a real MQTT broker and Kafka, over networks that cut, delay and swallow."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from ingest.agent import run_agent
from ingest.inputs.registry import build_inputs
from ingest.metrics import SourceMetrics
from ingest.options import World
from ingest.spool import DiskSpool
from plantstream.embedded.checks import HOST
from plantstream.runtime import clock
from plantstream.runtime.kafka.admin import apply_topics, end_offsets
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.whole import read_partitions
from schemas.codec import decode
from schemas.plant.load import PlantFile, load_plant
from schemas.telemetry import TelemetryFrame
from schemas.topics import CATALOGUE, TELEMETRY
from tests.ingest.inputs.mqtt.conftest import MOSQUITTO, Mosquitto, Publisher
from tests.parts import Beside, RunningKafka, eventually, free_port, running_kafka
from tests.proxy import Delay, Proxy, Way, proxying

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.integration, pytest.mark.slow]

SEEDS = range(20)
MACHINES = ("one", "two")
LAST = 500
"""Each machine counts up to this."""
AT_ONCE, EVERY_S = 5, 0.02
ARRIVED_WITHIN_S = 60.0
HARMS = ("drop", "cut", "swallow")


@dataclass
class Tally:
    """What the networks did, over all seeds."""

    seeds: int = 0
    cuts: int = 0
    lost_bytes: int = 0
    repeated: int = 0


@dataclass(frozen=True)
class Bench:
    """The broker of the plant, Kafka, and the port by which Kafka tells edges to come."""

    mosquitto: Mosquitto
    kafka: RunningKafka
    beside: Beside
    tally: Tally = field(default_factory=Tally)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    home = tmp_path_factory.mktemp("network")
    mosquitto = Mosquitto(home, free_port())
    beside = Beside(free_port(), free_port())
    with closing(mosquitto):
        mosquitto.start()
        async with running_kafka(home / "kafka", beside=beside) as kafka:
            await apply_topics(kafka.settings, CATALOGUE)
            yield Bench(mosquitto, kafka, beside)


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_value_is_in_kafka_once_whatever_the_network_does(
    bench: Bench, tmp_path: Path, seed: int
) -> None:
    chance, site = random.Random(seed), f"site-{seed}"
    before = await end_offsets(bench.kafka.settings, [TELEMETRY])
    async with (
        proxying(bench.mosquitto.port, seed, Delay()) as source_side,
        proxying(bench.beside.port, ~seed, Delay(), bench.beside.advertised) as kafka_side,
    ):
        repeated = await run_edge(
            bench, tmp_path, plant_of(site, source_side.port), chance, (source_side, kafka_side)
        )
    at = {one.partition: offset for one, offset in before.items()}
    found = await sequences(bench.kafka, site, at)
    assert {name: flaws(found.get(name, [])) for name in MACHINES} == dict.fromkeys(MACHINES, NONE)
    tally = bench.tally
    tally.seeds += 1
    tally.repeated += repeated
    for side in (source_side, kafka_side):
        tally.cuts += side.cuts
        tally.lost_bytes += side.lost_bytes


class Flaws(NamedTuple):
    """What is wrong with the numbers of a machine."""

    missing: list[int]
    repeated: list[float]
    turned_back_at: list[float]


NONE = Flaws([], [], [])


def flaws(numbers: Sequence[float | str | None]) -> Flaws:
    """All from 1 to the last one, in order."""
    times = Counter(float(number) for number in numbers if isinstance(number, float | int))
    return Flaws(
        sorted(set(range(1, LAST + 1)) - times.keys()),
        [number for number, often in times.items() if often > 1],
        [two for one, two in pairwise(times) if two < one],
    )


async def test_the_networks_were_bad(bench: Bench, say: Callable[[str], None]) -> None:
    tally = bench.tally
    if not tally.seeds:
        pytest.skip("no seed was run")
    say(
        f"network faults, {tally.seeds} seeds: {tally.cuts} connections cut, "
        f"{tally.lost_bytes} bytes lost under way, {tally.repeated} samples repeated by the source"
    )
    assert tally.cuts > 0
    assert tally.lost_bytes > 0
    assert tally.repeated > 0


def plant_of(site: str, port: int) -> PlantFile:
    """Two machines whose numbers come in messages."""
    message = {"topic": f"{site}/{{id}}", "field": "n"}
    tags = [{"name": "n", "message": message}]
    place = {"area": "a", "line": "l", "source": "line", "calendar": "always", "tags": tags}
    broker = {"type": "mqtt", "broker": f"mqtt://{HOST}:{port}", "heartbeat_s": 0.2}
    told = {
        "enterprise": "e",
        "site": site,
        "name": site,
        "time_zone": "UTC",
        "calendars": {"always": {"shifts": [{"name": "day", "start": "00:00", "end": "24:00"}]}},
        "sources": {"line": broker},
        "equipment": [{"id": name, **place} for name in MACHINES],
    }
    return load_plant(json.dumps(told), f"{site}.yaml")


async def run_edge(
    bench: Bench,
    tmp_path: Path,
    plant: PlantFile,
    chance: random.Random,
    sides: tuple[Proxy, Proxy],
) -> int:
    """Run it until Kafka has all that the machines say; gives how many samples came twice."""
    registry, messages = CollectorRegistry(), CollectorRegistry()
    sources = SourceMetrics(messages)
    meters = sources.of("line")
    spool = DiskSpool.open(tmp_path / "spool.sqlite", f"{plant.plant.site_path()}/edge", clock.now)
    where = {"bootstrap_servers": f"{HOST}:{bench.beside.advertised}"}
    world = World(registry=registry, sources=sources)

    def taken() -> float:
        found = registry.get_sample_value("plantstream_edge_samples_total", {"input": "line"})
        return found or 0.0

    async with KafkaBroker(bench.kafka.settings.model_copy(update=where)) as broker:
        inputs = build_inputs(plant, sources)
        agent = asyncio.create_task(run_agent((plant, inputs), spool, broker, world=world))
        try:
            await eventually(lambda: meters.is_connected)
            async with asyncio.TaskGroup() as group:
                group.create_task(speak(bench.mosquitto, plant.plant.site))
                group.create_task(harm(chance, sides))
            total = LAST * len(MACHINES)
            await eventually(lambda: taken() >= total and not spool.depth, ARRIVED_WITHIN_S)
        finally:
            agent.cancel()
            await asyncio.wait({agent})
            await spool.close()
    notified = messages.get_sample_value(
        "plantstream_source_notifications_total", {"source": "line"}
    )
    return round(notified or 0.0) - total


async def speak(mosquitto: Mosquitto, site: str) -> None:
    """The machines count."""
    with closing(Publisher(mosquitto.port, f"machines of {site}")) as device:
        sent = None
        for number in range(1, LAST + 1):
            for name in MACHINES:
                sent = device.client.publish(f"{site}/{name}", json.dumps({"n": number}), 1)
            if number % AT_ONCE == 0:
                await asyncio.sleep(EVERY_S)
        assert sent is not None
        await asyncio.to_thread(device.wait_for, sent.mid)


async def harm(chance: random.Random, sides: tuple[Proxy, Proxy]) -> None:
    """Two harms to each side, one after the other; in the end the networks are good again."""
    for side in chance.sample([*sides, *sides], k=4):
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        match chance.choice(HARMS):
            case "drop":
                side.drop()
            case "cut":
                side.cut_after(chance.randint(1, 4000))
            case _:
                side.swallow(chance.choice([Way.UP, Way.DOWN, Way.BOTH]))
                await asyncio.sleep(chance.uniform(0.1, 0.6))
                side.mend()
    await asyncio.sleep(0.2)
    for side in sides:
        side.mend()


async def sequences(
    kafka: RunningKafka, site: str, start: Mapping[int, int]
) -> Mapping[str, list[float | str | None]]:
    """What Kafka has of each machine, in its order, each record once."""
    found: dict[str, list[float | str | None]] = {}
    ids = set()
    async for record in read_partitions(kafka.settings, TELEMETRY.name, start):
        frame = decode(TELEMETRY, record.value)
        assert isinstance(frame, TelemetryFrame)
        # Numbers count up per equipment.
        name = (frame.equipment, str(frame.id))
        if frame.equipment.split("/")[1] != site or name in ids:
            continue
        ids.add(name)
        machine = frame.equipment.rpartition("/")[2]
        for column in frame.columns:
            found.setdefault(machine, []).extend(column.values())
    return found
