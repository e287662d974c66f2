"""The whole of it on one machine: field, brokers, database, our services, and people's messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from plantstream.embedded.checks import HOST
from plantstream.embedded.kafka import EmbeddedKafka
from plantstream.embedded.timescale import EmbeddedTimescale
from plantstream.runtime.kafka.admin import apply_topics
from schemas.plant.load import PlantFile
from schemas.topics import CATALOGUE
from sinks.timescale.migrate import migrate
from tests.chaos.field import Field
from tests.chaos.infrastructure import Program
from tests.chaos.plant import SITE, chaos_plant
from tests.ingest.inputs.mqtt.conftest import Mosquitto
from tests.integration.line import Line, Running
from tests.kill.ward import Provider, providing
from tests.parts import Beside, free_port
from tests.proxy import Proxy, proxying

Service = Literal["ingest", "oee", "rules", "dispatch", "sink", "notify"]
SERVICES: tuple[Service, ...] = ("ingest", "oee", "rules", "dispatch", "sink", "notify")
FIRST, SECOND = "0", "1"


@dataclass
class Factory:
    """Everything that a fault may hit, and where its truth is kept."""

    home: Path
    line: Line
    plant: PlantFile
    kafka: Program
    database: Program
    mosquitto: Mosquitto
    provider: Provider
    to_kafka: Proxy
    """Between the edge and the broker."""
    to_database: Proxy
    """Between the sink and the database."""
    presses: Field = field(default_factory=Field)
    running: dict[tuple[Service, str], Running] = field(default_factory=dict)

    async def start(self, name: Service, slot: str = FIRST) -> Running:
        """Start a service; it is ready on return."""
        service = await self.launch(name, slot)
        await service.ready()
        return service

    async def launch(self, name: Service, slot: str = FIRST) -> Running:
        """Start a service, ready or not."""
        port = free_port()
        argv = (*self._argv(name, slot), "--port", str(port))
        line = self._line_of(name)
        service = await line.start(argv[0], *argv[1:], port=port)
        self.running[name, slot] = service
        return service

    async def stop(self, name: Service, slot: str = FIRST) -> None:
        await self.running.pop((name, slot)).stop()

    async def kill(self, name: Service, slot: str = FIRST) -> None:
        await self.running.pop((name, slot)).kill()

    def must_live(self) -> None:
        """Fail with the last words of a service that has ended by itself."""
        for service in self.running.values():
            service.must_live()

    def _argv(self, name: Service, slot: str) -> tuple[str, ...]:
        plant = ("--plant", str(self.home / "chaos.yaml"))
        match name:
            case "ingest":
                return ("ingest", *plant, "--data-dir", str(self.home / "edge"))
            case "sink":
                return ("sink", "--slot", slot)
            case "notify":
                web, home = str(free_port()), str(self.home / "notify")
                return ("notify", "--site", SITE, "--data-dir", home, "--web-port", web)
            case "rules":
                return ("process", "--engine", "rules", "--engine", "site", "--slot", slot)
            case _:
                return ("process", "--engine", name, "--slot", slot)

    def _line_of(self, name: Service) -> Line:
        """The edge and the sink come through networks that can be harmed."""
        environment = dict(self.line.environment)
        if name == "ingest":
            environment["PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS"] = f"{HOST}:{self.to_kafka.port}"
        if name == "sink":
            environment["PLANTSTREAM_DATABASE_PORT"] = str(self.to_database.port)
        return Line(self.home / name, self.line.kafka, self.line.database, environment)


@asynccontextmanager
async def running_factory(home: Path) -> AsyncIterator[Factory]:
    """Field, parts and services run inside the block, and say what they have to say."""
    async with AsyncExitStack() as stack:
        factory = await _built(home, stack)
        stack.push_async_callback(_stop_all, factory)
        async with asyncio.TaskGroup() as tasks:
            for name in SERVICES:
                tasks.create_task(factory.start(name))
        speaking = asyncio.create_task(factory.presses.speak(factory.mosquitto.port))
        try:
            yield factory
        finally:
            factory.presses.end()
            await asyncio.wait({speaking})


async def _built(home: Path, stack: AsyncExitStack) -> Factory:
    beside = Beside(free_port(), free_port())
    embedded = EmbeddedKafka(home, free_port(), free_port())
    await embedded.prepare()
    beside.add_to(embedded._properties_file)
    timescale = EmbeddedTimescale(home, free_port())
    await timescale.prepare()
    kafka, database = Program(embedded.part(), home), Program(timescale.part(), home)
    for program in (kafka, database):
        stack.push_async_callback(program.stop)
    await asyncio.gather(kafka.start(), database.start())
    mosquitto = Mosquitto(_made(home / "mosquitto"), free_port())
    stack.callback(mosquitto.close)
    mosquitto.start()
    provider = await stack.enter_async_context(providing())
    to_kafka = await stack.enter_async_context(proxying(beside.port, port=beside.advertised))
    settings = timescale.settings()
    to_database = await stack.enter_async_context(proxying(settings.port))
    plant = chaos_plant(mosquitto.port, provider.address)
    (home / "chaos.yaml").write_text(plant.text)
    await apply_topics(embedded.settings(), CATALOGUE)
    await asyncio.to_thread(migrate, settings)
    environment = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": embedded.settings().bootstrap_servers,
        "PLANTSTREAM_DATABASE_HOST": HOST,
        "PLANTSTREAM_DATABASE_PORT": str(settings.port),
    }
    line = Line(home, embedded.settings(), settings, environment)
    done = await line.command("apply", home / "chaos.yaml", "--as", "chaos", "--reason", "a run")
    assert done.code == 0, done.err
    return Factory(home, line, plant, kafka, database, mosquitto, provider, to_kafka, to_database)


async def _stop_all(factory: Factory) -> None:
    for service in factory.running.values():
        await service.stop()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
