"""`plantstream simulate`: weeks of a simulated plant as a recording, with its ledger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.examples import example
from plantstream.commands.given_files import writing
from plantstream.commands.options import AS_JSON
from plantstream.runtime.errors import MisconfiguredError

PLANT = example("ninu") / "plant.yaml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    days: float = typer.Option(35, help="How long the plant lives.", min=0.001, max=3660),
    begin: datetime | None = typer.Option(
        None, help="First day, by the clocks of the plant: 2026-03-07. Default: 2026-01-05."
    ),
    time_zone: str | None = typer.Option(None, help="Move the plant: America/Tijuana."),
    seed: int = typer.Option(1, help="Another seed, another life; the same one, the same files."),
    out: Path = typer.Option(..., help="Folder of the recording.", file_okay=False),
    plant: Path = typer.Option(PLANT, help="The plant file.", exists=True, dir_okay=False),
    as_json: bool = AS_JSON,
) -> None:
    """Write what machines of a plant would have said, and a ledger of what truly happened."""
    from plantstream.commands.plant_file import read_plant
    from plantstream.simulator.client_side import moved_to
    from plantstream.simulator.recording import LEDGER, simulate as record

    file = read_plant(plant)
    file = file if time_zone is None else moved_to(file, time_zone)
    if out.exists() and any(out.iterdir()) and not (out / LEDGER).exists():
        raise MisconfiguredError(
            f"{out} holds files that are no recording of ours: choose an empty folder with --out"
        )
    with writing(out, "--out"), _progress(f"simulating {days:g} days") as advance:
        done = record((begin, days), seed, out, file, advance)
    if as_json:
        print_json(
            {
                "start": done.start.isoformat(),
                "end": done.end.isoformat(),
                "rows": done.rows,
                "ledger": str(done.ledger),
            }
        )
        return
    messages.print(f"{done.rows:,} rows from {done.start} to {done.end} in {out}", markup=False)
    messages.print(f"what truly happened: {done.ledger}", markup=False)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda part: bar.update(task, completed=part)
