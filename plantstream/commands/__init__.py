"""One module per command of the command line; this is the only place that knows them all."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS: Mapping[str, str] = {
    "demo": "Show OEE and alerts live from a simulated plant behind a real OPC UA server.",
    "up": "Start Kafka, TimescaleDB and all services on this machine, until Ctrl-C.",
    "check": "Read a plant file and show all its mistakes at once.",
    "calendar": "Show when a plant is meant to produce, and import planned stops.",
    "apply": "Check a plant file, show what changes, and give it to all services of its site.",
    "doctor": "Check programs, Kafka, topics, groups, database, disk and clock; "
    "exit 1 if one failed.",
    "replay": "Replay a recording and wait until everything of it is in SQL.",
    "simulate": "Write what machines of a plant would have said, "
    "and a ledger of what truly happened.",
    "oee": "Show OEE by window, or explain it: losses, reasons, and what changed since.",
    "batch": "Write the summary of a batch for whoever releases or inspects it: HTML, PDF or text.",
    "alerts": "See alerts and answer them; show who would be told; try rules on recorded events.",
    "silence": "Let all alerts with certain labels page nobody for a while; see and end that.",
    "oncall": "Show who is on call now and next, and take over.",
    "topics": "Create topics, look at them and at who reads them, and let others read.",
    "tail": "Follow a topic until Ctrl-C; frames are shown sample by sample.",
    "deadletters": "Look at what could not be read.",
    "audit": "Examine the audit trail, and export it.",
    "hold": "Keep the record of a batch from being deleted; that decides nothing on its release.",
    "db": "Migrate the database, and look at it.",
    "ingest": "Read the sources of a plant file and publish what they say.",
    "trust": "Say which OPC UA servers this edge believes.",
    "browse": "Show the variables of an OPC UA server: type, value, unit and access.",
    "lab-token": "Give out and take back tokens of laboratory interfaces.",
    "users": "Say who may sign, with which roles: names, passwords and second factors.",
    "process": "Compute OEE, quality and alerts from what is said, and decide who is told of them.",
    "sink": "Store telemetry, events and facts in TimescaleDB, each exactly once.",
    "notify": "Tell people what plant.notification.v1 says, each message once.",
    "metrics": "Serve the metrics of a plant to Prometheus.",
    "rules": "Write a plant's alert rules as files for Prometheus.",
    "page": "Send test messages to those whom a receiver tells first.",
    "alert-sender": "Give out and take back tokens of those who may post alerts.",
    "bench": "Run the benchmarks on this machine, with everything embedded.",
}
"""Name and sentence of each, in the order in which `--help` lists them.

The module of this name (with _ for -) has a `register(app)`, and its command begins with this
sentence.
"""


class LazyGroup(TyperGroup):
    """Lists its commands by their sentences; what is called is imported, and nothing else."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself in place of its entry in the list."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and listed else None, rest


def register(app: typer.Typer) -> None:
    """List every command; the application's class has to be `LazyGroup`."""
    for name, sentence in COMMANDS.items():
        app.command(name, help=sentence)(_listed)


def load(name: str) -> Any:
    """The command of this name, from its module."""
    app = typer.Typer(rich_markup_mode=None)
    import_module(f"plantstream.commands.{name.replace('-', '_')}").register(app)
    return get_group(app).commands[name]


def _listed() -> None:
    """Stands in the list for a command whose module is not imported."""
