"""What the edge tells of its own absence, with a real mosquitto: only what nobody kept."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from ingest.agent import run_agent
from ingest.input import Back
from ingest.inputs.mqtt.input import MqttInput
from ingest.inputs.mqtt.place import Place
from ingest.memory_spool import MemorySpool
from ingest.metrics import SourceMetrics
from ingest.options import World
from schemas.machine import Gap, StateChanged
from schemas.plant.load import load_plant
from schemas.topics import MACHINE
from tests.ingest.inputs.mqtt.conftest import LIMIT_S, PATH, TOPIC, source
from tests.ingest.kit import MemoryBroker

STATES = {"run": "running", "stop": "planned_stop"}


def plant(broker, topics=(TOPIC,)):
    """A machine whose state is told on the first topic, and a value on each other one."""
    state = {"name": "state", "means": "state", "states": STATES}
    tags = [{**state, "message": {"topic": topics[0], "field": "n"}}]
    tags += [{"name": f"t{at}", "message": {"topic": one}} for at, one in enumerate(topics[1:])]
    told = {
        "enterprise": "e",
        "site": "s",
        "name": "Restart",
        "time_zone": "UTC",
        "calendars": {"always": {"shifts": [{"name": "day", "start": "00:00", "end": "24:00"}]}},
        "sources": {"line": {"type": "mqtt", "broker": source(broker).broker, "heartbeat_s": 0.2}},
        "equipment": [
            {"id": "one", "area": "a", "line": "l", "source": "line", "calendar": "always",
             "tags": tags}
        ],
    }  # fmt: skip
    return load_plant(json.dumps(told), "restart.yaml")


class Edge:
    """An agent over one spool and one log, which may be stopped and started again."""

    def __init__(self) -> None:
        self.spool = MemorySpool()
        self.log = MemoryBroker()

    @asynccontextmanager
    async def running(self, file):
        """Connected while the block runs."""
        sources = SourceMetrics(World().registry)
        name, given = next(iter(file.plant.sources.items()))
        one = MqttInput(name, given, file.plant.read_at(name), sources.of(name))
        self.spool = self.spool.reopened()
        running = asyncio.create_task(
            run_agent((file, {name: one}), self.spool, self.log, world=World(sources=sources))
        )
        try:
            await self.until(lambda: sources.of(name).is_connected)
            yield
        finally:
            running.cancel()
            await asyncio.wait({running})

    async def until(self, condition):
        async with asyncio.timeout(LIMIT_S):
            while not condition():  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.01)

    def states(self):
        return [one.state for one in self.kinds(StateChanged)]

    def kinds(self, kind):
        return [one for one in self.log.records(MACHINE.name) if isinstance(one, kind)]


async def say(publisher, state, qos=1, topic=TOPIC):
    await asyncio.to_thread(publisher.say, topic, json.dumps({"n": state}), qos)


async def test_a_session_that_mosquitto_resumed_leaves_no_gap(mosquitto, publishing):
    broker, edge = mosquitto(), Edge()
    with publishing(broker) as device:
        async with edge.running(plant(broker)):
            await say(device, "run")
            await edge.until(lambda: edge.states() == ["run"])
        await say(device, "stop")
        async with edge.running(plant(broker)):
            await edge.until(lambda: edge.states() == ["run", "stop"])
    assert not edge.kinds(Gap)


@pytest.mark.parametrize("why", ["QoS 0", "a new session", "another topic"])
async def test_what_mosquitto_could_not_keep_is_one_gap(mosquitto, publishing, why):
    broker, edge = mosquitto(), Edge()
    file, again = plant(broker), plant(broker)
    if why == "another topic":
        again = plant(broker, (TOPIC, "plant/new"))
    with publishing(broker) as device:
        async with edge.running(file):
            await say(device, "run", qos=0 if why == "QoS 0" else 1)
            await edge.until(lambda: edge.states() == ["run"])
    stored = edge.log.records(MACHINE.name)[-1]
    if why == "a new session":
        broker.kill()
        (broker.folder / "mosquitto.db").unlink(missing_ok=True)
        broker.start()
    async with edge.running(again):
        await edge.until(lambda: edge.kinds(Gap))
    (gap,) = edge.kinds(Gap)
    assert gap.equipment == PATH
    assert gap.reason == "the edge was down"
    assert stored.ingest_time <= gap.start <= gap.source_time


async def test_whether_it_resumed_is_said_before_the_first_value(
    mosquitto, publishing, equipment, listening
):
    broker = mosquitto()
    with publishing(broker) as device:
        async with listening(source(broker), equipment()) as heard:
            await heard.until(lambda seen: seen)
            assert isinstance(heard.seen[0], Back)
            assert not heard.seen[0].whole
            await say(device, 1)
            await heard.until(lambda seen: len(seen) > 1)
            position = heard.position
        await say(device, 2)
        async with listening(source(broker), equipment(), position) as heard:
            seen = await heard.until(lambda seen: len(seen) > 1)
    assert isinstance(seen[0], Back)
    assert seen[0].whole


@pytest.mark.parametrize("dumped", [None, "", "no JSON", "{}", "[1]", "QUJD"])
def test_a_position_that_cannot_be_read_promises_nothing(dumped):
    assert Place.load(dumped) == Place()


def test_a_position_survives_a_restart():
    place = Place("abc", "def", ("plant/one",))
    assert Place.load(place.dump()) == place
