"""`plantstream process`: the engines."""

import typer

LISTEN = typer.Option("127.0.0.1", help="Address of /live, /ready and /metrics.")
SLOT = typer.Option(
    "0", help="Name of this worker among those of its group; keep it over restarts."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(process)


def process(
    listen: str = LISTEN,
    port: int = typer.Option(28082, help="Port of /live, /ready and /metrics."),
    slot: str = SLOT,
) -> None:
    """Compute OEE from machine events: plant.machine.v1 in, plant.kpi.v1 out."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.runtime.service import run_service
    from processors.service import run_processor

    settings = kafka_settings()
    code = run_service("process", lambda one: run_processor(one, settings, slot), listen, port)
    raise typer.Exit(code)
