"""One module per command of the command line; this is the only place that knows them all."""

from importlib import import_module

import typer

COMMANDS = (
    "demo",
    "up",
    "check",
    "doctor",
    "replay",
    "simulate",
    "oee",
    "topics",
    "tail",
    "deadletters",
    "db",
    "ingest",
    "process",
    "sink",
    "bench",
)
"""In the order in which `--help` lists them. Each module has a `register(app)`."""


def register(app: typer.Typer) -> None:
    """Add every command to the application."""
    for name in filter(_exists, COMMANDS):
        import_module(f"plantstream.commands.{name}").register(app)


def _exists(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(f"plantstream.commands.{name}") is not None
