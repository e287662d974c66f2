"""`plantstream up`: everything on this machine, for a plant."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands import port_options
from plantstream.commands.console import messages, quiet_logs
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.commands.stack import Ports
    from schemas.plant.load import PlantFile


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    plant: Path | None = typer.Option(
        None,
        help="Plant file whose sources are read and whose people are told; none: neither.",
        exists=True,
        dir_okay=False,
    ),
    data_dir: Path | None = typer.Option(
        None, help="Where topics, tables, spool and logs are kept."
    ),
    kafka_port: int = port_options.KAFKA,
    controller_port: int = port_options.CONTROLLER,
    database_port: int = port_options.DATABASE,
    ingest_port: int = port_options.INGEST,
    process_port: int = port_options.PROCESS,
    sink_port: int = port_options.SINK,
    notify_port: int = port_options.NOTIFY,
    web_port: int = typer.Option(28084, help="Pages and webhooks of notify."),
    alerts_port: int = port_options.ALERTS,
    metrics_port: int = port_options.METRICS,
) -> None:
    """Start Kafka, TimescaleDB and all services on this machine, until Ctrl-C."""
    from plantstream.commands.plant_file import read_plant
    from plantstream.commands.stack import Ports
    from plantstream.embedded.places import default_data_dir

    quiet_logs()
    file = None if plant is None else read_plant(plant.resolve())
    if file is not None and file.plant.alerts is not None:
        _must_have_secrets(file)
    ports = Ports(
        kafka_port,
        controller_port,
        database_port,
        ingest_port,
        process_port,
        sink_port,
        notify_port,
        web_port,
        alerts_port,
        metrics_port,
    )
    asyncio.run(_up(file, data_dir or default_data_dir(), ports))


def _must_have_secrets(file: "PlantFile") -> None:
    """Say at once all that messages need and that is missing, before anything starts."""
    from plantstream.runtime.secrets import read_secret
    from schemas.plant.secrets import Secret

    missing = []
    for name, channel in file.plant.channels.items():
        given = {key: getattr(channel, key) for key in type(channel).model_fields}
        headers = {f"headers.{key}": one for key, one in (given.get("headers") or {}).items()}
        for key, one in {**given, **headers}.items():
            if isinstance(one, Secret):
                try:
                    read_secret(one, f"channels.{name}.{key}")
                except MisconfiguredError as error:
                    missing.append(str(error))
    if missing:
        raise MisconfiguredError("\n".join(missing))


async def _up(plant: "PlantFile | None", data_dir: Path, ports: "Ports") -> None:
    from plantstream.commands.stack import running_stack

    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    async with running_stack(data_dir, ports, messages.print) as stack:
        if plant is not None:
            await stack.start_service("ingest", "--plant", plant.file)
            await stack.start_metrics(Path(plant.file))
            messages.print(f"  {'metrics':14} {stack.metrics('metrics')}")
            if plant.plant.alerts is not None:
                await stack.start_notify(Path(plant.file))
                messages.print(f"  {'pages':14} {stack.pages}")
        for name, address in stack.addresses().items():
            messages.print(f"  {name:14} {address}")
        messages.print("up; Ctrl-C stops everything")
        watching = asyncio.create_task(stack.supervisor.wait())
        waiting = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
        messages.print("stopping")
        watching.cancel()
        waiting.cancel()
        if watching in done:
            watching.result()
