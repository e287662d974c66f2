"""A real mosquitto that tests can kill, stop and start again, and publishers that speak to it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry

from ingest.inputs.mqtt.input import MqttInput
from ingest.metrics import SourceMeters, SourceMetrics
from schemas.plant.equipment import Equipment
from schemas.plant.sources import Message, Metric, MqttSource
from schemas.plant.tags import Tag
from tests.ingest.inputs.mqtt.sparkplug_kit import FakeNode

PATH = "e/s/a/l/one"
TOPIC = "plant/one"
LIMIT_S = 20.0
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")


class Mosquitto:
    """A broker on a port of its own; what it keeps survives its death."""

    def __init__(self, folder: Path, port: int, *lines: str) -> None:
        self.port = port
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        # Running as root it would change to a user that cannot read the test's folder.
        config = [
            f"listener {port} 127.0.0.1",
            f"user {'root' if os.geteuid() == 0 else 'nobody'}",
            "persistence true",
            f"persistence_location {folder}/",
            "max_queued_messages 100000",
            "log_dest stderr",
            *(lines or ("allow_anonymous true",)),
        ]
        (folder / "mosquitto.conf").write_text("\n".join(config) + "\n")

    def start(self) -> None:
        assert MOSQUITTO is not None
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stderr=log
            )
        deadline = time.monotonic() + LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "mosquitto.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> None:
        assert self._process is not None
        self._process.wait(LIMIT_S)
        self._process = None

    def close(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            self.wait()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class Publisher:
    """A device's own client, which connects again by itself."""

    def __init__(self, port: int, name: str, *, ca: Path | None = None) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        self.client.reconnect_delay_set(1, 1)
        if ca is not None:
            self.client.tls_set(str(ca))
        self.client.connect("127.0.0.1", port)
        self._published: set[int] = set()
        self._news = threading.Condition()
        self.client.on_publish = self._on_publish
        self.client.loop_start()

    def say(self, topic: str, payload: bytes | str, qos: int = 1, *, retain: bool = False) -> None:
        """Publish, and return once the broker has it, even if it is away meanwhile."""
        self.wait_for(self.client.publish(topic, payload, qos, retain).mid)

    def wait_for(self, identifier: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: identifier in self._published, LIMIT_S)

    def _on_publish(self, _: object, __: object, identifier: int, *___: object) -> None:
        with self._news:
            self._published.add(identifier)
            self._news.notify_all()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.client.reinitialise()


class LiveNode(Publisher):
    """A Sparkplug edge node that is born when it is asked."""

    def __init__(self, port: int, fake: FakeNode, born) -> None:
        self.fake = fake
        self.asked = 0
        super().__init__(port, f"node-{fake.name}")
        self._born = born
        self.client.on_message = self._on_command
        self.client.subscribe(fake.topic("NCMD"), 0)

    def tell(self, message: tuple[str, bytes], qos: int = 0) -> None:
        self.say(*message, qos)

    def _on_command(self, *_: object) -> None:
        self.asked += 1
        topic, content = self._born()
        self.client.publish(topic, content, 0)


class Meters(SourceMeters):
    """Tells a listener what the input tells about its source."""

    def __init__(self, listener: "Listener") -> None:
        super().__init__(SourceMetrics(CollectorRegistry()), "line")
        self._listener = listener

    def connected(self) -> None:
        super().connected()
        self._listener.connected = True
        self._listener.tell()

    def lost(self) -> None:
        super().lost()
        self._listener.connected = False
        self._listener.tell()

    def needs_help(self, trouble: str) -> None:
        super().needs_help(trouble)
        self._listener.tell()

    def notified(self, values: int) -> None:
        super().notified(values)
        self._listener.messages += values
        self._listener.tell()


class Listener:
    """Collects what an input gives, and waits for a condition on it."""

    def __init__(self, given: MqttSource, equipment, position: str | None = None) -> None:
        self.messages = 0
        self.connected = False
        self.seen: list[Any] = []
        self.position = position
        self.meters = Meters(self)
        self._one = MqttInput("line", given, equipment, self.meters)
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def until(self, condition, limit_s: float = LIMIT_S) -> list[Any]:
        """The observations, once the condition on them holds."""
        async with asyncio.timeout(limit_s):
            while not condition(self.seen):
                if self.task.done():
                    await self.task
                self._news.clear()
                news = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({self.task, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        return list(self.seen)

    async def lost(self, limit_s: float = LIMIT_S) -> None:
        """Return once the input knows that the broker is gone."""
        async with asyncio.timeout(limit_s):
            while self.connected:
                self._news.clear()
                await self._news.wait()

    async def notified_by(self, doing) -> bool:
        """Whether the input hears of what is done, or of anything else, within half a second."""
        before = self.messages
        await doing()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                while self.messages == before:
                    self._news.clear()
                    await self._news.wait()
        return self.messages > before

    def tell(self) -> None:
        self._news.set()

    async def _listen(self) -> None:
        async for chunk in self._one.chunks(self.position):
            self.seen += chunk.observations
            self.position = chunk.position
            self._news.set()

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@pytest.fixture
def mosquitto(tmp_path):
    """Starts a broker, with lines of configuration of its own if some are given."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    started: list[Mosquitto] = []

    def start(*lines: str) -> Mosquitto:
        folder = tmp_path / f"mosquitto-{len(started)}"
        folder.mkdir()
        broker = Mosquitto(folder, free_port(), *lines)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.close()


@pytest.fixture
def publishing():
    """A publisher, closed in the end."""

    @contextmanager
    def publish(broker: Mosquitto, name: str = "device", **options):
        publisher = Publisher(broker.port, name, **options)
        try:
            yield publisher
        finally:
            publisher.close()

    return publish


@pytest.fixture
def equipment():
    """One equipment with JSON tags, or with those that are given."""

    def build(*tags: Tag):
        json_tags = (
            Tag(name="n", message=Message(topic=TOPIC, field="n")),
            Tag(name="text", message=Message(topic="plant/text", field="v.0", time_field="at")),
        )
        return [(PATH, Equipment(id="one", area="a", line="l", tags=list(tags or json_tags)))]

    return build


@pytest.fixture
def metrics():
    """Tags of a Sparkplug edge node."""
    place = {"group": "plant", "edge_node": "press"}
    return [
        Tag(name="state", metric=Metric(name="state", **place)),
        Tag(name="parts", metric=Metric(name="parts", **place)),
    ]


def source(at: Mosquitto, scheme: str = "mqtt", **changed: Any) -> MqttSource:
    """A source for this broker."""
    fields: dict[str, Any] = {
        "type": "mqtt",
        "broker": f"{scheme}://127.0.0.1:{at.port}",
        "heartbeat_s": 0.2,
    }
    return MqttSource(**(fields | changed))


@pytest.fixture
def listening():
    """A listener to an input, closed in the end."""

    @asynccontextmanager
    async def listen(given: MqttSource, equipment, position: str | None = None):
        listener = Listener(given, equipment, position)
        try:
            yield listener
        finally:
            await listener.close()

    return listen
