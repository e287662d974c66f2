"""The parts of a factory: one broker or three, TimescaleDB or native PostgreSQL, on what disks."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from plantstream.embedded import child
from plantstream.embedded.checks import HOST
from plantstream.embedded.kafka import EmbeddedKafka
from plantstream.embedded.part import Part
from plantstream.embedded.probes import postgres_answers
from plantstream.embedded.timescale import EmbeddedTimescale
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from tests.chaos.brokers import OneOfThree, three_brokers
from tests.chaos.infrastructure import Program
from tests.parts import Beside, free_port
from tests.proxy import Proxy, proxying

NATIVE = Path("/usr/lib/postgresql/15/bin")
OWNER = "postgres"
DISK_MB = {"edge": 64, "kafka": 1024, "database": 2048}


class Setting(Enum):
    """What a factory stands on."""

    USUAL = "one broker, TimescaleDB"
    NATIVE = "one broker, native PostgreSQL"
    SMALL_DISKS = "each part on a small disk of its own"
    THREE_BROKERS = "three brokers, every record on all of them"


@dataclass(frozen=True)
class Parts:
    """What runs before our services do, and how they reach it."""

    brokers: Sequence[Program]
    database: Program
    kafka_settings: KafkaSettings
    edge_bootstrap: str
    """Through the network that can be harmed, where there is one broker."""
    database_settings: DatabaseSettings
    is_plain: bool
    to_kafka: Proxy
    to_database: Proxy


@asynccontextmanager
async def running_parts(home: Path, setting: Setting) -> AsyncIterator[Parts]:
    """Brokers and database answer inside the block."""
    async with AsyncExitStack() as stack:
        if setting is Setting.SMALL_DISKS:
            for name, size_mb in DISK_MB.items():
                stack.enter_context(_small_disk(home / name, size_mb))
        brokers, kafka_settings, beside = await _brokers(home, setting)
        database, database_settings = await _database(home, setting)
        for program in (*brokers, database):
            stack.push_async_callback(program.stop)
        await asyncio.gather(database.start(), *(one.start() for one in brokers))
        to_kafka = await stack.enter_async_context(proxying(beside.port, port=beside.advertised))
        to_database = await stack.enter_async_context(proxying(database_settings.port))
        is_alone = len(brokers) == 1
        yield Parts(
            brokers,
            database,
            kafka_settings,
            f"{HOST}:{to_kafka.port}" if is_alone else kafka_settings.bootstrap_servers,
            database_settings,
            setting is Setting.NATIVE,
            to_kafka,
            to_database,
        )


async def _brokers(home: Path, setting: Setting) -> tuple[list[Program], KafkaSettings, Beside]:
    beside = Beside(free_port(), free_port())
    if setting is Setting.THREE_BROKERS:
        nodes: Sequence[EmbeddedKafka] = three_brokers(home)
        for node in nodes:
            await node.prepare()
        bootstrap = ",".join(node.settings().bootstrap_servers for node in nodes)
        settings = (
            nodes[0]
            .settings()
            .model_copy(update={"bootstrap_servers": bootstrap, "profile": "production"})
        )
        return [Program(_named(node), home) for node in nodes], settings, beside
    place = home / "kafka" if setting is Setting.SMALL_DISKS else home
    embedded = EmbeddedKafka(place, free_port(), free_port())
    await embedded.prepare()
    beside.add_to(embedded._properties_file)
    return [Program(embedded.part(), home)], embedded.settings(), beside


def _named(node: EmbeddedKafka) -> Part:
    part = node.part()
    assert isinstance(node, OneOfThree)
    return Part(f"{part.name}-{node.number}", part.argv, part.ready, stop_s=part.stop_s)


async def _database(home: Path, setting: Setting) -> tuple[Program, DatabaseSettings]:
    port = free_port()
    if setting is Setting.NATIVE:
        return await _native(home / "native", port)
    place = home / "database" if setting is Setting.SMALL_DISKS else home
    timescale = EmbeddedTimescale(place, port)
    await timescale.prepare()
    return Program(timescale.part(), home), timescale.settings()


async def _native(home: Path, port: int) -> tuple[Program, DatabaseSettings]:
    """PostgreSQL of Debian, which does not run as root."""
    await asyncio.to_thread(_owned, home)
    as_owner = ("runuser", "-u", OWNER, "--") if os.getuid() == 0 else ()
    data = home / "data"
    made = (str(NATIVE / "initdb"), "-D", str(data), "-U", OWNER, "-A", "trust", "--no-sync")
    code = await child.run((*as_owner, *made), home.parent / "initdb.log")
    assert code == 0, child.log_tail(home.parent / "initdb.log")
    options = ("-p", str(port), "-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=")
    argv = (*as_owner, str(NATIVE / "postgres"), "-D", str(data), *options)
    part = Part("native", argv, postgres_answers(HOST, port), stop_s=15.0)
    return Program(part, home.parent), DatabaseSettings(port=port)


def _owned(home: Path) -> None:
    home.mkdir()
    home.parent.chmod(0o755)
    if os.getuid() == 0:
        shutil.chown(home, OWNER)


@contextmanager
def _small_disk(place: Path, size_mb: int) -> Iterator[None]:
    """A file system of its own, which can be full without harm to others."""
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(place)]
    subprocess.run(mounting, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
