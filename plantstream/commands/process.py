"""`plantstream process`: the engines."""

from enum import StrEnum

import typer

LISTEN = typer.Option("127.0.0.1", help="Address of /live, /ready and /metrics.")
SLOT = typer.Option(
    "0", help="Name of this worker among those of its group; keep it over restarts."
)


class EngineName(StrEnum):
    """What a process computes."""

    OEE = "oee"
    """OEE, losses, stops and cycle times of each machine."""
    RULES = "rules"
    """Alert rules on the tags, states and calls of one equipment."""
    SITE = "site"
    """Alert rules on figures, counts and silence of a whole site; alerts that others raise."""
    DISPATCH = "dispatch"
    """Who is told of alerts, and when."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(process)


def process(
    engine: list[EngineName] = typer.Option(
        list(EngineName), help="What this process computes; may be repeated. Default: everything."
    ),
    listen: str = LISTEN,
    port: int = typer.Option(28082, help="Port of /live, /ready and /metrics."),
    slot: str = SLOT,
) -> None:
    """Compute OEE and alerts from what machines say, and decide who is told of them."""
    from plantstream.commands.connection import kafka_settings
    from plantstream.runtime.service import run_service
    from processors.service import run_processors

    settings = kafka_settings()
    names = [str(one) for one in engine]
    code = run_service(
        "process", lambda one: run_processors(one, settings, slot, names), listen, port
    )
    raise typer.Exit(code)
