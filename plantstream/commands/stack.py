"""Everything on one machine: embedded Kafka and TimescaleDB, and our own services beside them."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from plantstream.commands.console import messages
from plantstream.embedded.kafka import EmbeddedKafka
from plantstream.embedded.part import Happening, Part, PartEvent, Port
from plantstream.embedded.probes import http_ready
from plantstream.embedded.progress import Say, silent
from plantstream.embedded.supervise import Report, Supervisor
from plantstream.embedded.timescale import EmbeddedTimescale
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import CATALOGUE
from sinks.timescale.migrate import migrate


@dataclass(frozen=True, slots=True)
class Ports:
    """Where everything listens, all on loopback."""

    kafka: int = 29092
    controller: int = 29093
    database: int = 25432
    ingest: int = 28081
    process: int = 28082
    sink: int = 28083
    notify: int = 28085
    web: int = 28084
    """Pages and webhooks of `notify`."""
    alerts: int = 28086
    """The engines of alerts: in a process of their own, so that no page waits for an OEE."""
    metrics: int = 28087
    """Metrics of the plant."""


ENGINES: Mapping[str, tuple[str, ...]] = {
    "process": ("oee", "quality", "audit"),
    "alerts": ("rules", "site", "dispatch"),
}
"""Two processes of `plantstream process`, and what each computes."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Running parts."""

    kafka: KafkaSettings
    database: DatabaseSettings
    supervisor: Supervisor
    ports: Ports
    data_dir: Path

    async def start_service(
        self, name: str, *arguments: str, env: Mapping[str, str] | None = None
    ) -> None:
        """Start one of our services and wait until it is ready."""
        await self.supervisor.start(self._part(name, arguments, env or {}))

    async def start_edge(self, module: str, *arguments: str) -> None:
        """Start an edge of another make in the place of ours, and wait until it is ready."""
        ours = self._part("ingest", (), {})
        argv = (sys.executable, "-m", module, *arguments, str(self.ports.ingest))
        await self.supervisor.start(replace(ours, argv=argv))

    async def start_notify(self, plant: Path, env: Mapping[str, str] | None = None) -> None:
        """Start what tells people, by this plant file; `env` has its secrets."""
        web = ("--web-port", str(self.ports.web), "--data-dir", str(self.data_dir))
        await self.start_service("notify", "--plant", str(plant), *web, env=env)

    async def start_metrics(self, plant: Path) -> None:
        """Start what serves the metrics of this plant."""
        await self.start_service("metrics", "--plant", str(plant), "--data-dir", str(self.data_dir))

    @property
    def pages(self) -> str:
        """Where `notify` shows its pages."""
        return f"http://127.0.0.1:{self.ports.web}"

    def metrics(self, service: str) -> str:
        """Where one of our services serves its metrics."""
        return f"http://127.0.0.1:{getattr(self.ports, service)}/metrics"

    def addresses(self) -> Mapping[str, str]:
        """One block that says where everything is."""
        database = self.database
        return {
            "Kafka": self.kafka.bootstrap_servers,
            "TimescaleDB": f"postgresql://{database.user}@{database.host}:{database.port}/{database.name}",
            "process": self.metrics("process"),
            "alerts": self.metrics("alerts"),
            "sink": self.metrics("sink"),
            "data and logs": str(self.data_dir),
        }

    def _part(self, name: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> Part:
        port: int = getattr(self.ports, name)
        ports: tuple[Port, ...] = (Port(port, f"--{name}-port"),)
        if name == "notify":
            ports = (*ports, Port(self.ports.web, "--web-port"))
        command = "process" if name in ENGINES else name
        return Part(
            name=name,
            argv=(sys.executable, "-m", "plantstream", command, "--port", str(port), *arguments),
            ready=http_ready(f"http://127.0.0.1:{port}/ready"),
            env={**self._environment(), **env},
            ports=ports,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "PLANTSTREAM_DATABASE_HOST": self.database.host,
            "PLANTSTREAM_DATABASE_PORT": str(self.database.port),
            "PLANTSTREAM_DATA_DIR": str(self.data_dir),
            "PYTHONUNBUFFERED": "1",
        }


def tell_trouble(event: PartEvent) -> None:
    """Parts speak only when something goes wrong."""
    if event.happening not in {Happening.READY, Happening.STOPPED}:
        messages.print(f"{event.name} {event.happening.value}: {event.detail}", markup=False)


@asynccontextmanager
async def running_stack(
    data_dir: Path, ports: Ports, say: Say = silent, report: Report = tell_trouble
) -> AsyncIterator[Stack]:
    """Kafka and TimescaleDB up, topics and tables in place, `process` and `sink` at work."""
    async with Supervisor(data_dir, report=report) as supervisor:
        kafka = EmbeddedKafka(data_dir, ports.kafka, ports.controller)
        database = EmbeddedTimescale(data_dir, ports.database)
        await kafka.prepare(say)
        await database.prepare(say)
        say("starting Kafka and TimescaleDB")
        await supervisor.start(kafka.part())
        await supervisor.start(database.part())
        stack = Stack(kafka.settings(), database.settings(), supervisor, ports, data_dir)
        say("creating topics and tables")
        await apply_topics(stack.kafka, CATALOGUE)
        migrate(stack.database)
        say("starting process and sink")
        for name, engines in ENGINES.items():
            options = [text for engine in engines for text in ("--engine", engine)]
            await stack.start_service(name, *options)
        await stack.start_service("sink", "--run-jobs")
        yield stack


@asynccontextmanager
async def running_kafka(
    data_dir: Path, ports: Ports, say: Say = silent
) -> AsyncIterator[KafkaSettings]:
    """Only the broker, with its topics."""
    async with Supervisor(data_dir, report=tell_trouble) as supervisor:
        kafka = EmbeddedKafka(data_dir, ports.kafka, ports.controller)
        await kafka.prepare(say)
        say("starting Kafka")
        await supervisor.start(kafka.part())
        await apply_topics(kafka.settings(), CATALOGUE)
        yield kafka.settings()


@asynccontextmanager
async def running_database(data_dir: Path, port: int, say: Say = silent) -> AsyncIterator[None]:
    """Only the database, for a question to what is stored."""
    async with Supervisor(data_dir, report=tell_trouble) as supervisor:
        database = EmbeddedTimescale(data_dir, port)
        await database.prepare(say)
        await supervisor.start(database.part())
        os.environ["PLANTSTREAM_DATABASE_PORT"] = str(port)
        yield
