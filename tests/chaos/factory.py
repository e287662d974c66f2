"""The whole of it on one machine: field, brokers, database, our services, and people's messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from plantstream.embedded.checks import HOST
from plantstream.runtime.kafka.admin import apply_topics
from schemas.plant.load import PlantFile
from schemas.topics import CATALOGUE
from sinks.timescale.migrate import migrate
from tests.chaos import next_version
from tests.chaos.bulk import Bulk
from tests.chaos.field import Field
from tests.chaos.parts import Parts, Setting, running_parts
from tests.chaos.plant import SITE, chaos_plant
from tests.ingest.inputs.mqtt.conftest import Mosquitto
from tests.integration.line import Line, Running
from tests.kill.ward import Provider, providing
from tests.parts import free_port

Service = Literal["ingest", "oee", "rules", "dispatch", "sink", "notify"]
SERVICES: tuple[Service, ...] = ("ingest", "oee", "rules", "dispatch", "sink", "notify")
FIRST, SECOND = "0", "1"
LAST_WORDS = 400
"""Characters of a service that died."""


@dataclass
class Factory:
    """Everything that a fault may hit, and where its truth is kept."""

    home: Path
    line: Line
    plant: PlantFile
    parts: Parts
    mosquitto: Mosquitto
    provider: Provider
    bulk: Bulk
    presses: Field = field(default_factory=Field)
    running: dict[tuple[Service, str], Running] = field(default_factory=dict)
    slots: dict[Service, str] = field(default_factory=lambda: dict.fromkeys(SERVICES, FIRST))
    """Where the worker of a service runs that is there between the rows."""

    newer: frozenset[Service] = frozenset()
    """Services that start with the next version of the schemas."""

    repairs: list[asyncio.Task[None]] = field(default_factory=list)
    """What is mended while the others go on."""

    async def repaired(self) -> None:
        """Wait until every part is there again."""
        while self.repairs:
            await self.repairs.pop()
        for program in (*self.parts.brokers, self.parts.database):
            if not program.runs:
                await program.start()

    def worker(self, name: Service) -> Running:
        """The one of a service that is there between the rows."""
        return self.running[name, self.slots[name]]

    def free_slot(self, name: Service) -> str:
        """Where a second one has its place: two of a slot would shut each other out."""
        return SECOND if self.slots[name] == FIRST else FIRST

    async def start(self, name: Service, slot: str | None = None) -> Running:
        """Start a service; it is ready on return."""
        service = await self.launch(name, slot)
        await service.ready()
        return service

    async def launch(self, name: Service, slot: str | None = None, fault: str = "") -> Running:
        """Start a service, ready or not."""
        slot = slot or self.slots[name]
        port = free_port()
        argv = (*self._argv(name, slot), "--port", str(port))
        line = self._line_of(name)
        service = await line.start(argv[0], *argv[1:], port=port, fault=fault)
        self.running[name, slot] = service
        return service

    async def stop(self, name: Service, slot: str | None = None) -> None:
        await self.running.pop((name, slot or self.slots[name])).stop()

    async def kill(self, name: Service, slot: str | None = None) -> None:
        await self.running.pop((name, slot or self.slots[name])).kill()

    async def restore(self) -> str:
        """Have one worker of each service again; gives who ended by himself, and his last words."""
        dead = [key for key, one in self.running.items() if one.process.returncode is not None]
        words = [f"{name} ended by itself: {self._last(name, slot)}" for name, slot in dead]
        usual = set(self.slots.items())
        for name, slot in self.running.keys() - usual:
            await self.stop(name, slot)
        for name, slot in usual:
            if (name, slot) in dead or (name, slot) not in self.running:
                await self.start(name, slot)
        return "; ".join(words)

    def _last(self, name: Service, slot: str) -> str:
        return self.running[name, slot].last_words()[-LAST_WORDS:]

    def _argv(self, name: Service, slot: str) -> tuple[str, ...]:
        plant = ("--plant", str(self.home / "chaos.yaml"))
        match name:
            case "ingest":
                return ("ingest", *plant, "--data-dir", str(self.home / "edge"))
            case "sink":
                return ("sink", "--slot", slot)
            case "notify":
                web, home = str(free_port()), str(self.home / f"notify-{slot}")
                own = ("--slot", slot, "--data-dir", home, "--web-port", web)
                return ("notify", "--site", SITE, *own)
            case "rules":
                return ("process", "--engine", "rules", "--engine", "site", "--slot", slot)
            case _:
                return ("process", "--engine", name, "--slot", slot)

    def _line_of(self, name: Service) -> Line:
        """The edge and the sink come through networks that can be harmed."""
        environment = dict(self.line.environment)
        if name == "ingest":
            environment["PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS"] = self.parts.edge_bootstrap
        if name == "sink":
            environment["PLANTSTREAM_DATABASE_PORT"] = str(self.parts.to_database.port)
        return replace(
            self.line,
            data_dir=self.home / name,
            environment=environment,
            program=next_version.__name__ if name in self.newer else self.line.program,
        )


@asynccontextmanager
async def running_factory(home: Path, setting: Setting = Setting.USUAL) -> AsyncIterator[Factory]:
    """Field, parts and services run inside the block, and say what they have to say."""
    async with AsyncExitStack() as stack:
        factory = await _built(home, setting, stack)
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


async def _built(home: Path, setting: Setting, stack: AsyncExitStack) -> Factory:
    parts = await stack.enter_async_context(running_parts(home, setting))
    mosquitto = Mosquitto(_made(home / "mosquitto"), free_port())
    stack.callback(mosquitto.close)
    mosquitto.start()
    provider = await stack.enter_async_context(providing())
    plant = chaos_plant(mosquitto.port, provider.address)
    (home / "chaos.yaml").write_text(plant.text)
    kafka, database = parts.kafka_settings, parts.database_settings
    await apply_topics(kafka, CATALOGUE)
    await asyncio.to_thread(migrate, database, plain=parts.is_plain)
    environment = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PLANTSTREAM_KAFKA_PROFILE": kafka.profile,
        "PLANTSTREAM_DATABASE_HOST": HOST,
        "PLANTSTREAM_DATABASE_PORT": str(database.port),
        "PLANTSTREAM_DATABASE_USER": database.user,
        "PLANTSTREAM_DATABASE_NAME": database.name,
    }
    line = Line(home, kafka, database, environment)
    done = await line.command("apply", home / "chaos.yaml", "--as", "chaos", "--reason", "a run")
    assert done.code == 0, done.err
    return Factory(home, line, plant, parts, mosquitto, provider, Bulk(plant.version))


async def _stop_all(factory: Factory) -> None:
    for service in factory.running.values():
        await service.stop()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
