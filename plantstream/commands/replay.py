"""`plantstream replay`: a recording through the edge, as if the machine said it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, progress, quiet_logs
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from uvicorn import Server

    from ingest.input import Input
    from ingest.inputs.recording.player import RecordingInput
    from ingest.inputs.recording.recording import Recording
    from ingest.options import World
    from plantstream.commands.stack import Ports
    from plantstream.runtime.ports import Broker
    from plantstream.runtime.service import Service
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
    from schemas.plant.load import PlantFile

STORED_WITHIN_S = 300.0
MAX_SPEED = 1e6
NICE = 10
"""So much what is replayed at full speed gives way to others who need the processor."""
SOURCE = "recording"
"""The name of the input."""


class Through(StrEnum):
    """Which way the values take into the edge."""

    EDGE = "edge"
    OPCUA = "opcua"


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed, and as what."""

    recording: Path
    map: Path
    plant: Path
    speed: float | None
    run: str | None
    live: bool
    data_dir: Path
    metrics_port: int | None = None
    through: Through = Through.EDGE

    def run_of(self, digest: str) -> str:
        """The name of the run; each way has one of its own, to be held against the other."""
        from ingest.inputs.recording.digest import recording_run

        if self.live:
            return ""
        way = "" if self.through is Through.EDGE else f"-{self.through}"
        return self.run or recording_run(digest) + way


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    recording: Path = typer.Argument(help="A CSV file.", exists=True, dir_okay=False),
    map_file: Path = typer.Option(
        ..., "--map", help="Which column is which tag.", exists=True, dir_okay=False
    ),
    plant: Path | None = typer.Option(
        None, help="Plant file; default: plant.yaml beside the map.", exists=True, dir_okay=False
    ),
    speed: str = typer.Option("max", help="Times the recorded pace, or max."),
    through: Through = typer.Option(
        Through.EDGE, help="edge: straight into the mapping; opcua: out of a server, in again."
    ),
    run: str | None = typer.Option(None, help="Name of the run; default: made from the files."),
    live: bool = typer.Option(False, "--live", help="Shift times to now; it may page people."),
    embedded: bool = typer.Option(False, help="Start Kafka, TimescaleDB and services for it."),
    data_dir: Path | None = typer.Option(None, help="Where data and spool are kept."),
    kafka_port: int = typer.Option(29092, help="With --embedded."),
    controller_port: int = typer.Option(29093, help="With --embedded."),
    database_port: int = typer.Option(25432, help="With --embedded."),
    process_port: int = typer.Option(28082, help="With --embedded."),
    alerts_port: int = typer.Option(28086, help="With --embedded."),
    sink_port: int = typer.Option(28083, help="With --embedded."),
    metrics_port: int | None = typer.Option(None, help="Serve metrics of the replay here."),
) -> None:
    """Replay a recording and wait until everything of it is in SQL."""
    from plantstream.commands.stack import Ports
    from plantstream.embedded.places import default_data_dir

    quiet_logs()
    if live and run is not None:
        raise MisconfiguredError("--live and --run exclude each other: live has no name")
    wanted = Replay(
        recording=recording,
        map=map_file,
        plant=plant or map_file.parent / "plant.yaml",
        speed=_speed(speed),
        run=run,
        live=live,
        data_dir=data_dir or default_data_dir(),
        metrics_port=metrics_port,
        through=through,
    )
    services = {"process": process_port, "sink": sink_port, "alerts": alerts_port}
    ports = Ports(kafka_port, controller_port, database_port, **services)
    asyncio.run(_replay(wanted, ports if embedded else None))


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= MAX_SPEED:
        raise MisconfiguredError(f"--speed {text}: give max, or a number such as 60")
    return speed


async def _replay(wanted: Replay, ports: "Ports | None") -> None:
    from plantstream.commands.plant_file import read_plant

    file = read_plant(wanted.plant)
    async with (
        _metrics(wanted.metrics_port) as registry,
        _parts(wanted, ports) as (kafka, database),
    ):
        await _play(wanted, file, (kafka, database), registry)


@asynccontextmanager
async def _metrics(port: int | None) -> AsyncIterator["CollectorRegistry"]:
    """The registry of this replay, served on loopback where a port was given."""
    from plantstream.embedded.checks import HOST, require_free_port
    from plantstream.embedded.part import Port
    from plantstream.runtime.service import Service

    service = Service("replay")
    if port is None:
        yield service.registry
        return
    await require_free_port(Port(port, "--metrics-port"))
    server = _server(service, HOST, port)
    serving = asyncio.create_task(server.serve())
    service.ready = True
    try:
        yield service.registry
    finally:
        server.should_exit = True
        await serving


def _server(service: "Service", host: str, port: int) -> "Server":
    from starlette.applications import Starlette
    from uvicorn import Config, Server

    from plantstream.runtime.service import health_routes

    app = Starlette(routes=health_routes(service))
    return Server(Config(app, host=host, port=port, log_config=None, timeout_graceful_shutdown=1))


@asynccontextmanager
async def _parts(
    wanted: Replay, ports: "Ports | None"
) -> AsyncIterator[tuple["KafkaSettings", "DatabaseSettings"]]:
    from plantstream.commands.connection import database_settings, kafka_settings
    from plantstream.commands.stack import running_stack

    if ports is None:
        yield kafka_settings(wanted.data_dir), database_settings(wanted.data_dir)
        return
    async with running_stack(wanted.data_dir, ports, messages.print) as stack:
        yield stack.kafka, stack.database


async def _play(
    wanted: Replay,
    plant: "PlantFile",
    parts: tuple["KafkaSettings", "DatabaseSettings"],
    registry: "CollectorRegistry",
) -> None:
    from ingest.inputs.recording.player import Pace, RecordingInput
    from ingest.inputs.recording.recording import load_recording
    from plantstream.commands.drained import wait_until_stored
    from plantstream.runtime import clock

    kafka, database = parts
    recording = load_recording(wanted.recording, wanted.map, plant)
    run = wanted.run_of(recording.digest)
    pace = None if wanted.speed is None else Pace(wanted.speed)
    player = RecordingInput(recording, pace, clock.now() if wanted.live else None)
    messages.print(f"replaying {wanted.recording.name} as {f'run {run}' if run else 'live'}")
    started = clock.monotonic()
    async with (
        progress("rows sent", recording.estimated_rows(), lambda: player.rows),
        _broker(wanted, parts) as broker,
    ):
        await _send(wanted, plant, (recording, player), broker, registry)
    took_s = clock.monotonic() - started
    samples = registry.get_sample_value("plantstream_edge_samples_total", {"input": SOURCE}) or 0.0
    messages.print(f"{samples:.0f} samples in {took_s:.1f} s: {samples / took_s:.0f} per second")
    with messages.status("waiting until everything is in SQL"):
        await wait_until_stored(kafka, database, STORED_WITHIN_S)
    messages.print(f"{player.rows} rows are in SQL")


@asynccontextmanager
async def _broker(
    wanted: Replay, parts: tuple["KafkaSettings", "DatabaseSettings"]
) -> AsyncIterator["Broker"]:
    """At full speed no faster than the readers follow, or what machines say now would be late."""
    from plantstream.commands.followed import FollowedBroker, followers
    from plantstream.runtime.kafka.broker import KafkaBroker

    async with KafkaBroker(parts[0]) as broker:
        if wanted.speed is not None:
            yield broker
            return
        os.nice(NICE)
        async with followers(*parts) as readers:
            yield FollowedBroker(broker, readers)


async def _send(
    wanted: Replay,
    plant: "PlantFile",
    played: "tuple[Recording, RecordingInput]",
    broker: "Broker",
    registry: "CollectorRegistry",
) -> None:
    """Through mapping and spool to the broker; a start after a kill goes on where it was."""
    from ingest.agent import run_agent
    from ingest.inputs.recording.digest import recording_epoch
    from ingest.metrics import SourceMetrics
    from ingest.options import AgentOptions, World
    from ingest.spool import DiskSpool
    from plantstream.runtime import clock

    digest = played[0].digest
    run = wanted.run_of(digest)
    file = wanted.data_dir / "spool" / f"replay-{run or 'live'}-{digest[:12]}.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    epoch = recording_epoch(digest) if run else None
    options = AgentOptions.replay(run) if run else AgentOptions.replay_as_live()
    spool = DiskSpool.open(file, f"replay/{run or 'live'}", clock.now, epoch)
    try:
        world = World(registry=registry, sources=SourceMetrics(registry))
        inputs = {SOURCE: _input(wanted.through, plant, played, world)}
        await run_agent((plant, inputs), spool, broker, options, world)
    finally:
        await spool.close()


def _input(
    through: Through,
    plant: "PlantFile",
    played: "tuple[Recording, RecordingInput]",
    world: "World",
) -> "Input":
    recording, player = played
    if through is Through.EDGE:
        return player
    from plantstream.simulator.through_opcua import ThroughOpcUa

    return ThroughOpcUa(player, recording, plant, world.sources.of(SOURCE))
