"""`plantstream demo`: a simulated plant and all that makes numbers of it, on this machine."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands import port_options
from plantstream.commands.console import data, messages, quiet_logs
from plantstream.commands.examples import example
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.commands.demo_pages import Pages
    from plantstream.commands.demo_pulse import PulseMeter
    from plantstream.commands.stack import Ports, Stack
    from plantstream.simulator.ledger import Ledger
    from plantstream.simulator.live import LivePlant
    from plantstream.simulator.stand_ins.ports import StandInPorts
    from plantstream.simulator.voice import Voice
    from schemas.plant.load import PlantFile

PLANT = example("ninu") / "plant.yaml"
REFRESH_S = 1.0
WATCHED_WITHIN_S = 60.0
ARRIVED_WITHIN_S = 60.0
READY_WITHIN = timedelta(seconds=45)
"""So much earlier than the machines everything else begins, if they begin at another time."""
SETTLED_WITHIN_S = 10.0
"""After the machines' last events: what people said takes another way, and may come later."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is shown, and for how long; 0 seconds is until Ctrl-C."""

    plant: "PlantFile"
    data_dir: Path
    duration_s: float
    speed: float
    seed: int
    opcua_port: int
    people_port: int
    begin: datetime | None
    """When the machines begin, if not now; then without certificates: those are valid from now."""
    ports: "Ports"
    stand_ins: "StandInPorts"
    told_within_s: float


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    plant: Path = typer.Option(PLANT, help="What is simulated.", exists=True, dir_okay=False),
    duration: float = typer.Option(0, help="Seconds; then all is held against the ledger."),
    speed: float = typer.Option(10, help="Simulated seconds per second.", min=0.1, max=100),
    seed: int = typer.Option(1, help="Another seed, another day at the plant."),
    told_within: float = typer.Option(1, help="Seconds a message may take.", min=0.1),
    data_dir: Path | None = typer.Option(None, help="All that is in it is deleted at the start."),
    begin: datetime | None = typer.Option(
        None, help="When the machines begin, by the clocks of the plant: 2026-03-08T01:59:30."
    ),
    time_zone: str | None = typer.Option(None, help="Move the plant: America/Tijuana."),
    opcua_port: int = typer.Option(24840, help="The simulated plant's OPC UA server."),
    people_port: int = typer.Option(28090, help="Where the simulated people state things."),
    kafka_port: int = port_options.KAFKA,
    controller_port: int = port_options.CONTROLLER,
    database_port: int = port_options.DATABASE,
    ingest_port: int = port_options.INGEST,
    process_port: int = port_options.PROCESS,
    sink_port: int = port_options.SINK,
    notify_port: int = port_options.NOTIFY,
    web_port: int = typer.Option(28084, help="Pages that messages link to."),
    alerts_port: int = port_options.ALERTS,
    metrics_port: int = port_options.METRICS,
    mail_port: int = typer.Option(28125, help="The mailbox that e-mail arrives in (SMTP)."),
    providers_port: int = typer.Option(28101, help="Stand-ins for SMS, WhatsApp and others."),
) -> None:
    """Show OEE and alerts live from a simulated plant behind a real OPC UA server."""
    from plantstream.commands.stack import Ports
    from plantstream.embedded.places import default_data_dir
    from plantstream.simulator.stand_ins.ports import StandInPorts

    quiet_logs()
    file, begin_at = _when_and_where(plant, time_zone, begin)
    services = (ingest_port, process_port, sink_port)
    beside = (notify_port, web_port, alerts_port, metrics_port)
    wanted = Demo(
        plant=file,
        data_dir=data_dir or default_data_dir() / "demo",
        duration_s=duration,
        speed=speed,
        seed=seed,
        opcua_port=opcua_port,
        people_port=people_port,
        begin=begin_at,
        ports=Ports(kafka_port, controller_port, database_port, *services, *beside),
        stand_ins=StandInPorts(mail_port, providers_port),
        told_within_s=told_within,
    )
    shutil.rmtree(wanted.data_dir, ignore_errors=True)
    raise typer.Exit(asyncio.run(_demo(wanted)))


def _when_and_where(
    plant: Path, time_zone: str | None, begin: datetime | None
) -> "tuple[PlantFile, datetime | None]":
    """The plant where it lives, and when its machines begin; our clocks are set to that."""
    from plantstream.commands.plant_file import read_plant
    from plantstream.runtime import clock
    from plantstream.simulator.client_side import moved_to
    from plantstream.simulator.recording import local_time

    file = read_plant(plant)
    file = file if time_zone is None else moved_to(file, time_zone)
    begin_at = None if begin is None else local_time(begin, file.plant.time_zone)
    if begin_at is not None:
        clock.begin_at(begin_at - READY_WITHIN)
    return file, begin_at


async def _demo(wanted: Demo) -> int:
    from plantstream.commands.demo_people import voice_of
    from plantstream.commands.stack import running_stack
    from plantstream.runtime import clock
    from plantstream.simulator.live import LiveOptions, LivePlant

    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    async with (
        running_stack(wanted.data_dir, wanted.ports, messages.print) as stack,
        voice_of(wanted.plant.plant, wanted.data_dir, wanted.people_port) as voice,
        _pages(wanted, stack) as pages,
    ):
        options = LiveOptions(
            wanted.data_dir / "simulator",
            wanted.opcua_port,
            wanted.seed,
            wanted.speed,
            secure=wanted.begin is None,
            overheats=True,
        )
        live = LivePlant(wanted.plant, options, voice)
        await live.start()
        try:
            meter = await _connect(wanted, stack, live, pages)
            if wanted.begin is not None:
                await asyncio.sleep((wanted.begin - clock.now()).total_seconds())
            running = asyncio.create_task(live.run())
            await _watch(wanted, stack, (meter, pages), stopping)
            live.rest()
            await running
            heard = (pages, voice)
            return await _judge(wanted, stack, live, heard) if wanted.duration_s else 0
        finally:
            await live.close()


async def _connect(
    wanted: Demo, stack: "Stack", live: "LivePlant", pages: "Pages | None"
) -> "PulseMeter":
    """Point the edge at the simulated plant, and wait until its first values are in SQL."""
    from plantstream.commands.demo_people import seal
    from plantstream.commands.demo_pulse import PulseMeter, first_values
    from plantstream.simulator.client_side import pointed_at

    plant = wanted.plant if pages is None else pages.plant
    home = wanted.data_dir
    pointed = pointed_at(plant, live.server, home, wanted.people_port, seal(home))
    file = wanted.data_dir / "plant.yaml"
    await asyncio.to_thread(file.write_text, pointed.text)
    await stack.start_service("ingest", "--plant", str(file))
    await stack.start_metrics(file)
    if pages is not None:
        await pages.start(stack, file)
    await live.watched(WATCHED_WITHIN_S)
    own = {"OPC UA": live.server.endpoint, "metrics": stack.metrics("metrics")}
    addresses = {**own, **stack.addresses()}
    for name, address in addresses.items():
        messages.print(f"  {name:14} {address}", markup=False)
    edge, sink = stack.metrics("ingest"), stack.metrics("sink")
    stored = await first_values(sink, len(wanted.plant.plant.equipment), ARRIVED_WITHIN_S)
    return PulseMeter(edge, sink, stored)


async def _watch(
    wanted: Demo,
    stack: "Stack",
    seen: "tuple[PulseMeter, Pages | None]",
    stopping: asyncio.Event,
) -> None:
    """Show the plant until the time is over or somebody stops it."""
    from rich.live import Live

    from plantstream.commands.demo_view import Shown, picture
    from plantstream.runtime import clock
    from sinks.timescale.overview import overviews

    meter, pages = seen
    end = clock.monotonic() + wanted.duration_s
    title = f"{wanted.plant.plant.name}, {wanted.speed:g} times as fast"
    with Live(console=data, refresh_per_second=4) as live:
        while not stopping.is_set() and (not wanted.duration_s or clock.monotonic() < end):
            machines = await overviews(stack.database)
            alerts = () if pages is None else pages.alerts.firing()
            shown = Shown(machines, alerts, await meter.pulse(), title)
            live.update(picture(shown, clock.now()))
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S):
                    await stopping.wait()
    data.print()


async def _judge(
    wanted: Demo,
    stack: "Stack",
    live: "LivePlant",
    heard: "tuple[Pages | None, Voice | None]",
) -> int:
    """Hold what is in SQL, and what was told, against what truly happened; 0 if it is the same."""
    from plantstream.commands.demo_audit import judge_audit
    from plantstream.commands.demo_laboratory import judge_laboratory
    from plantstream.commands.demo_pages import judge_pages
    from plantstream.simulator.ledger import read_ledger

    pages, voice = heard
    ledger = await asyncio.to_thread(read_ledger, live.ledger_file)
    wrong = await _judge_figures(wanted, stack, ledger)
    within = timedelta(seconds=wanted.told_within_s)
    told = pages is None or await judge_pages(pages, ledger, within)
    tested = voice is None or await judge_laboratory(stack, ledger, wanted.plant.plant, voice)
    chained = await judge_audit(stack, ledger)
    return 0 if told and tested and chained and not wrong else 1


async def _judge_figures(wanted: Demo, stack: "Stack", ledger: "Ledger") -> bool:
    """Whether a figure in SQL is wrong."""
    from plantstream.commands.demo_verdict import findings
    from plantstream.runtime import clock
    from sinks.timescale.overview import overviews

    deadline = clock.monotonic() + ARRIVED_WITHIN_S
    settled_at = None
    with messages.status("waiting for the last events"):
        while True:
            stored = await overviews(stack.database)
            found = findings(ledger, wanted.plant.plant, stored)
            if settled_at is None and all(one.end > ledger.end for one in stored):
                settled_at = clock.monotonic() + SETTLED_WITHIN_S
            over = min(settled_at or deadline, deadline)
            if clock.monotonic() > over or (settled_at and all(one.ok for one in found)):
                break
            await asyncio.sleep(REFRESH_S)
    wrong = [one for one in found if not one.ok]
    if wrong:
        messages.print("SQL and the ledger of the simulated plant differ")
        print_columns(
            {
                "equipment": one.equipment,
                "what": one.what,
                "SQL": one.stored,
                "ledger": one.true,
            }
            for one in wrong
        )
    messages.print(
        f"{len(found) - len(wrong)} of {len(found)} figures in SQL agree with the plant's ledger"
    )
    return bool(wrong)


@asynccontextmanager
async def _pages(wanted: Demo, stack: "Stack") -> "AsyncIterator[Pages | None]":
    try:
        from plantstream.commands.demo_pages import pages_of
    except ModuleNotFoundError as error:
        told = f"the demo needs {error.name}, which is not installed"
        raise MisconfiguredError(f"{told}: pip install 'plantstream[demo,notify]'") from None
    async with pages_of(wanted.plant, stack, wanted.speed, wanted.stand_ins) as pages:
        yield pages
