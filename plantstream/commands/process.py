"""`plantstream process`: the engines."""

from enum import StrEnum
from pathlib import Path

import typer

from plantstream.commands.options import DATA_DIR, LISTEN

SLOT = typer.Option(
    "0", help="Name of this worker among those of its group; keep it over restarts."
)


class EngineName(StrEnum):
    """What a process computes."""

    OEE = "oee"
    """OEE, losses, stops and cycle times of each machine."""
    RULES = "rules"
    """Alert rules on the tags, states and calls of one equipment."""
    QUALITY = "quality"
    """Results of tests judged, compliance, deviations, releases, and alerts on them."""
    SITE = "site"
    """Alert rules on figures, counts and silence of a whole site; alerts that others raise."""
    DISPATCH = "dispatch"
    """Who is told of alerts, and when."""
    AUDIT = "audit"
    """Acts of people as a chain of records, and its anchors."""


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
    data_dir: Path | None = DATA_DIR,
) -> None:
    """Compute OEE, quality and alerts from what is said, and decide who is told of them."""
    from plantstream.commands.connection import audit_settings, kafka_settings, page_token
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.garbage import collect_seldom
    from plantstream.runtime.service import Service, run_service
    from processors.auditor import Auditing
    from processors.service import run_processors

    kafka = kafka_settings(data_dir)
    auditing = Auditing(audit_settings(), data_dir or default_data_dir())
    names = [str(one) for one in engine]

    async def work(service: Service) -> None:
        collect_seldom()
        await run_processors(service, kafka, slot, names, auditing)

    code = run_service("process", work, listen, port, page_token())
    raise typer.Exit(code)
