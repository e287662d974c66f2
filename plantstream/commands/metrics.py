"""`plantstream metrics`: what Prometheus scrapes of a plant."""

from pathlib import Path

import typer

from plantstream.commands.options import LISTEN
from plantstream.commands.plant_file import PLANT, SITE, plant_or_site


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(
    plant: Path | None = PLANT,
    site: str | None = SITE,
    data_dir: Path | None = typer.Option(
        None, help="Where the last plant file that was followed is kept."
    ),
    listen: str = LISTEN,
    port: int = typer.Option(28087, help="Port of /metrics, /live and /ready."),
) -> None:
    """Serve the metrics of a plant to Prometheus."""
    from plantstream.commands.connection import kafka_settings, page_token
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.service import run_service
    from sinks.metrics.service import MetricsOptions, run_metrics

    options = MetricsOptions(plant_or_site(plant, site), data_dir or default_data_dir())
    settings = kafka_settings(data_dir)
    raise typer.Exit(
        run_service(
            "metrics",
            lambda one: one.until_stopped(run_metrics(one, options, settings)),
            listen,
            port,
            page_token(),
        )
    )
