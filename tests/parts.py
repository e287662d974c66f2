"""Real parts for tests, by `from tests.parts import …`: they stop when the block ends.

    async with running_kafka(tmp_path) as kafka:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)

The first use on a machine fetches the parts into the user's cache.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from plantstream.embedded.checks import HOST, port_is_free
from plantstream.embedded.endpoints import KAFKA, TIMESCALE
from plantstream.embedded.kafka import EmbeddedKafka
from plantstream.embedded.kafka_config import KafkaSecurity
from plantstream.embedded.part import PartEvent
from plantstream.embedded.supervise import Supervisor
from plantstream.embedded.timescale import EmbeddedTimescale
from plantstream.embedded.waiting import until
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

BELOW_EPHEMERAL = (20_000, 32_000)
"""Outgoing connections never take a port of this range while a part starts."""
_random = random.SystemRandom()


@dataclass(frozen=True)
class RunningKafka:
    """A broker that answers; `supervisor` restarts it when its process (`pid`) is killed."""

    bootstrap: str
    settings: KafkaSettings
    embedded: EmbeddedKafka
    supervisor: Supervisor

    @property
    def pid(self) -> int:
        return self.supervisor.pids()[KAFKA]


@dataclass(frozen=True)
class RunningTimescale:
    """A database that answers; connect with `prepare_threshold=None`."""

    host: str
    port: int
    settings: DatabaseSettings
    supervisor: Supervisor

    @property
    def pid(self) -> int:
        return self.supervisor.pids()[TIMESCALE]


@dataclass(frozen=True)
class Beside:
    """A second listener of an open broker, for clients that come through a proxy."""

    port: int
    advertised: int
    """Where the broker tells them to find it."""

    def add_to(self, properties: Path) -> None:
        """Of a key that comes twice Kafka takes the last."""
        known = dict(line.split("=", 1) for line in properties.read_text().splitlines())
        more = {
            "listeners": f"BESIDE://{HOST}:{self.port}",
            "advertised.listeners": f"BESIDE://{HOST}:{self.advertised}",
            "listener.security.protocol.map": "BESIDE:PLAINTEXT",
        }
        with properties.open("a") as file:
            file.writelines(f"{key}={known[key]},{value}\n" for key, value in more.items())


@dataclass(frozen=True)
class PlainLogins:
    """Users of a secured broker who may also log in by PLAIN, for clients that know no SCRAM."""

    users: Mapping[str, SecretStr]

    def add_to(self, properties: Path) -> None:
        """They log in at the same listener, over TLS."""
        known = [f'user_{name}="{word.get_secret_value()}"' for name, word in self.users.items()]
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        more = {
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            "listener.name.broker.plain.sasl.jaas.config": f"{module} required {' '.join(known)};",
        }
        with properties.open("a") as file:
            file.writelines(f"{key}={value}\n" for key, value in more.items())


@asynccontextmanager
async def running_kafka(
    tmp: Path,
    port: int | None = None,
    security: KafkaSecurity | None = None,
    *,
    beside: Beside | PlainLogins | None = None,
) -> AsyncIterator[RunningKafka]:
    """A broker whose data is in `tmp`: a second call with the same `tmp` finds it again."""
    chosen = port or free_port()
    kafka = EmbeddedKafka(tmp, chosen, free_port(), security)
    async with Supervisor(tmp, report=_ignore) as supervisor:
        await kafka.prepare()
        if beside is not None:
            beside.add_to(kafka._properties_file)
        await supervisor.start(kafka.part())
        yield RunningKafka(f"{HOST}:{chosen}", kafka.settings(), kafka, supervisor)


@asynccontextmanager
async def running_timescale(tmp: Path, port: int | None = None) -> AsyncIterator[RunningTimescale]:
    """A database whose data is in `tmp`: a second call with the same `tmp` finds it again."""
    chosen = port or free_port()
    timescale = EmbeddedTimescale(tmp, chosen)
    async with Supervisor(tmp, report=_ignore) as supervisor:
        await timescale.prepare()
        await supervisor.start(timescale.part())
        yield RunningTimescale(HOST, chosen, timescale.settings(), supervisor)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    while True:
        number = _random.randrange(*BELOW_EPHEMERAL)
        if port_is_free(number):
            return number


async def eventually(condition: Callable[[], bool], limit_s: float = 20.0) -> None:
    """Wait until the condition holds, or fail after the limit."""
    async with asyncio.timeout(limit_s):
        await until(condition, every_s=0.02)


def _ignore(_: PartEvent) -> None:
    return
