"""`plantstream db fill`: a made-up plant in the database, to try dashboards and questions on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR

if TYPE_CHECKING:
    from plantstream.runtime.settings import DatabaseSettings
    from sinks.timescale.fill import Filling

DAYS = typer.Option(90, min=1, max=3650, help="How far back it goes.")
SCALE = typer.Option(1.0, min=0.001, max=10.0, help="1: 50 machines and 1,000 tags.")
FORCE = typer.Option(False, "--force", help="Also beside live rows: all of it may be thrown away.")


def fill(
    days: int = DAYS,
    scale: float = SCALE,
    force: bool = FORCE,
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Store minute facts, stops, and telemetry of a plant that there is not, made in SQL.

    Telemetry is raw for the last two days, and by quarters of an hour before them.
    """
    from plantstream.commands.connection import database_settings
    from plantstream.runtime.clock import now
    from sinks.timescale.fill import Filling, require_empty, require_timescale

    settings = database_settings(data_dir)
    require_timescale(settings)
    if not force:
        require_empty(settings)
    filling = Filling(days, scale, now().replace(second=0, microsecond=0))
    rows = filled(settings, filling)
    if as_json:
        print_json({"machines": filling.machines, "tags": filling.tags, "days": days, "rows": rows})
    else:
        messages.print(
            f"{sum(rows.values()):,} rows of {filling.machines} machines and {filling.tags} tags: "
            + ", ".join(f"{number:,} {name}" for name, number in rows.items())
        )


def filled(settings: "DatabaseSettings", filling: "Filling") -> dict[str, int]:
    """Fill it with a bar that has rate and ETA, and add it up; gives rows by kind."""
    from plantstream.commands.running import run_async
    from sinks.timescale.fill import add_up, fill, publish_plant

    run_async(publish_plant(settings, filling))
    rows: dict[str, int] = {}
    with _progress(filling.rows()) as advance:
        for part, number in fill(settings, filling):
            rows[part] = rows.get(part, 0) + number
            advance(number)
    with messages.status("adding up, and compressing what is old"):
        add_up(settings, filling)
    return rows


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr: rows, rate, time that is left."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages) as bar:
        task = bar.add_task("rows", total=total, told="")

        def advance(rows: int) -> None:
            bar.advance(task, rows)
            one = bar.tasks[0]
            bar.update(task, told=f"{one.completed:,.0f} rows, {one.speed or 0:,.0f}/s")

        yield advance
