"""`plantstream ingest`: field protocols to Kafka."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.options import LISTEN
from plantstream.commands.plant_file import PLANT, SITE, plant_or_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plantstream.runtime.service import Service
    from schemas.plant.load import PlantFile


MEGABYTE = 1024 * 1024
DAY_S = 24 * 3600


class WhenFull(StrEnum):
    """What the edge does when its spool is full."""

    DROP = "drop-oldest"
    STOP = "stop-reading"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    plant: Path | None = PLANT,
    site: str | None = SITE,
    data_dir: Path | None = typer.Option(None, help="Where the spool is kept."),
    spool_mb: int = typer.Option(1024, min=1, help="How much waits for Kafka at most."),
    spool_days: float = typer.Option(7.0, min=0.01, help="How long it waits at most."),
    when_full: WhenFull = typer.Option(
        WhenFull.DROP, help="Drop the oldest and say so, or read the sources no further."
    ),
    dry_run: bool = typer.Option(False, help="Typed events on the terminal; no spool, no broker."),
    listen: str = LISTEN,
    port: int = typer.Option(28081, help="Port of /live, /ready and /metrics."),
) -> None:
    """Read the sources of a plant file and publish what they say."""
    from ingest.service import EdgeOptions, run_edge
    from ingest.spool_file import Limits
    from plantstream.commands.connection import kafka_settings, page_token
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.garbage import collect_seldom
    from plantstream.runtime.service import run_service

    followed = plant_or_site(plant, site)
    if dry_run:
        if isinstance(followed, str):
            raise typer.BadParameter("a dry run needs a file", param_hint="--plant")
        with suppress(KeyboardInterrupt):
            asyncio.run(_print_dry_run(followed, data_dir or default_data_dir()))
        return
    limits = Limits(spool_mb * MEGABYTE, spool_days * DAY_S, drops=when_full is WhenFull.DROP)
    options = EdgeOptions(followed, data_dir or default_data_dir(), limits)
    settings, token = kafka_settings(data_dir), page_token()

    async def work(service: "Service") -> None:
        collect_seldom()
        await run_edge(service, options, settings)

    raise typer.Exit(run_service("ingest", work, listen, port, token))


async def _print_dry_run(plant: "PlantFile", data_dir: Path) -> None:
    from ingest.agent import dry_run
    from ingest.inputs.registry import build_inputs
    from plantstream.commands.console import data, messages
    from schemas.codec import encode

    for line in sources_of(plant, data_dir):
        messages.print(line, markup=False, soft_wrap=True)
    sources = plant.plant.sources
    if sources and not any(plant.plant.read_at(name) for name in sources):
        return
    messages.print("dry run: no spool, no broker; Ctrl-C ends it")
    async for record in dry_run(plant, build_inputs(plant)):
        data.print(encode(record).decode(), markup=False)


def sources_of(plant: "PlantFile", data_dir: Path) -> "Iterator[str]":
    """What a dry run does with each source: laboratories are shown, because it stores nothing."""
    from ingest.inputs.lab.preview import preview
    from plantstream.runtime.secrets import place_of
    from schemas.plant.lab_source import LabSource

    for name, source in plant.plant.sources.items():
        if isinstance(source, LabSource):
            yield from preview(name, source, data_dir)
            yield f"source {name}: not opened in a dry run, because what it takes must be stored"
        else:
            read = len(plant.plant.read_at(name))
            what = f"equipment read: {read}" if read else "no equipment names it: not read"
            secret = getattr(source, "password", None)
            held = f"; password: {place_of(secret)}" if secret else ""
            yield f"source {name} ({source.type}): {what}{held}"
