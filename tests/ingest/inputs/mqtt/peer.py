"""mosquitto in the contract suite, with a device that speaks JSON and one that speaks Sparkplug."""

import json
import signal
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest

from plantstream.runtime import clock
from tests.ingest.inputs.mqtt.conftest import MOSQUITTO, Mosquitto, Publisher, free_port
from tests.ingest.inputs.mqtt.sparkplug_kit import DOUBLE, UINT64, FakeNode, Sent
from tests.ingest.inputs.peers import ABSENT, LEVEL, NUMBER

_NODE = {"group": "plant", "edge_node": "press"}
_TOPIC = "plant/one"


class Broker:
    """A mosquitto, and the device that publishes to it."""

    quick: ClassVar = {"heartbeat_s": 0.2}
    bridges: frozenset[signal.Signals] = frozenset()

    def __init__(self, folder: Path) -> None:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed")
        self._broker = Mosquitto(folder, free_port())
        self.place = f"mqtt://127.0.0.1:{self._broker.port}"
        self.source = {"type": "mqtt", "broker": self.place}
        self._device: Any = None

    def start(self):
        self._broker.start()
        self._device = self._connected(self._broker.port)

    def _connected(self, port):
        raise NotImplementedError

    def send(self, what):
        self._broker.signal(what)

    def kill(self):
        if self._device is not None:
            self._broker.kill()
            self._device.close()
            self._device = None

    def close(self):
        self.kill()


class JsonBroker(Broker):
    """A device tells both values in one JSON message at QoS 1."""

    tags: ClassVar = {
        NUMBER: {"message": {"topic": _TOPIC, "field": "number"}},
        LEVEL: {"message": {"topic": _TOPIC, "field": "level"}},
        ABSENT: {"message": {"topic": _TOPIC, "field": "absent"}},
    }
    # It keeps the session and what is said at QoS 1 while it runs, and forgets both when killed.
    bridges = frozenset({signal.SIGSTOP})

    def _connected(self, port):
        return Publisher(port, "device")

    def set(self, number):
        self._device.say(_TOPIC, json.dumps({"number": number, "level": number + 0.5}))


class SparkplugBroker(Broker):
    """An edge node tells both values as metrics, at QoS 0 as its specification says."""

    tags: ClassVar = {name: {"metric": {**_NODE, "name": name}} for name in (NUMBER, LEVEL, ABSENT)}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._sessions = 0

    def _connected(self, port):
        self._sessions += 1
        return Node(port, self._sessions)

    def set(self, number):
        self._device.set(number)


class Node(Publisher):
    """An edge node that is born when it connects, and when it is asked."""

    def __init__(self, port: int, session: int) -> None:
        super().__init__(port, "node-press")
        self._fake = FakeNode(bd_seq=session)
        self._number = 0
        self._lock = threading.Lock()
        self.client.on_message = self._be_born
        self.client.subscribe(self._fake.topic("NCMD"), 0)
        self._be_born()

    def set(self, number: int) -> None:
        with self._lock:
            self._number = number
            metrics = Sent(NUMBER, number), Sent(LEVEL, number + 0.5)
            self.client.publish(*self._fake.data(clock.now(), *metrics), 0)

    def _be_born(self, *_: object) -> None:
        with self._lock:
            number = Sent(NUMBER, self._number, UINT64)
            level = Sent(LEVEL, self._number + 0.5, DOUBLE)
            self.client.publish(*self._fake.birth(clock.now(), number, level), 0)
