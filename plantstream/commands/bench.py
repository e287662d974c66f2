"""`plantstream bench`: how fast the line is on this machine, beside what plain work takes on it."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.bench_figure import AIMS, Figure, Row
from plantstream.commands.console import messages, quiet_logs
from plantstream.commands.tables import print_columns
from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack

BENCHMARKS: Mapping[str, tuple[str, ...]] = {
    "bench_replay": ("replay_s", "replay_rss_mb"),
    "bench_latency": ("row_p99_ms",),
    "bench_modbus": ("modbus_ratio", "modbus_decode_plain", "modbus_decode_mixed"),
}
"""The ids that each module measures, each on parts of its own."""
ALONE = frozenset({"bench_modbus"})
"""Modules that need no broker and no database."""

Measure = Callable[["Stack"], Awaitable[list[Figure]]]
MeasureAlone = Callable[[], Awaitable[list[Figure]]]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    out: Path = typer.Option(Path("build/bench.json"), help="Where the list is written."),
    only: str | None = typer.Option(None, help=f"One of: {', '.join(AIMS)}."),
    data_dir: Path | None = typer.Option(None, help="Emptied at the start."),
) -> None:
    """Run the benchmarks on this machine, with everything embedded."""
    from plantstream.embedded.places import default_data_dir

    quiet_logs()
    if only is not None and only not in AIMS:
        raise MisconfiguredError(f"--only {only}: there are {', '.join(AIMS)}")
    where = data_dir or default_data_dir() / "bench"
    rows = [
        figure.row()
        for module, ids in BENCHMARKS.items()
        if only is None or only in ids
        for figure in asyncio.run(_measure(module, where))
        if only is None or only == figure.id
    ]
    write(rows, out)
    print_columns(rows)
    messages.print(f"written to {out}")


def write(rows: list[Row], out: Path) -> None:
    """The list as a file."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, indent=2) + "\n")


async def _measure(module: str, data_dir: Path) -> list[Figure]:
    from plantstream.commands.stack import Ports, running_stack

    found = import_module(f"plantstream.commands.{module}")
    if module in ALONE:
        alone: MeasureAlone = found.measure
        return await alone()
    measure: Measure = found.measure
    await asyncio.to_thread(shutil.rmtree, data_dir, ignore_errors=True)
    ports = Ports(26092, 26093, 26432, 26081, 26082, 26083)
    async with running_stack(data_dir, ports, messages.print) as stack:
        return await measure(stack)
