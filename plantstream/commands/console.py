"""How commands speak: data on stdout, messages on stderr, `--json` wherever there is output."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console

from plantstream.runtime.beside import beside

SHOW_EVERY_S = 0.2
PIPE_WIDTH = 10_000
"""Columns: rich cuts a table at the width of its console, and a pipe has none."""
messages = Console(stderr=True, highlight=False, soft_wrap=True)
"""For people: progress, results of checks, complaints. NO_COLOR and pipes are respected."""
data = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
"""For whoever asked: tables and records."""


def complain(message: str) -> None:
    """Say what is wrong, and nothing else."""
    for line in message.splitlines():
        messages.print(f"plantstream: {line}", style="red", markup=False)


def quiet_logs() -> None:
    """In a command for people, only warnings and errors of the machinery are shown."""
    from plantstream.runtime.logs import quiet_logs as quiet

    quiet()


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


@asynccontextmanager
async def progress(what: str, total: int, done: Callable[[], int]) -> AsyncIterator[None]:
    """A bar on stderr with rate and time left, as long as the block runs."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=messages) as bar:
        task = bar.add_task(what, total=total, rate="")

        def show() -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done(), rate=f"{speed:,.0f}/s" if speed else "")

        async def keep_showing() -> None:
            while True:
                show()
                await asyncio.sleep(SHOW_EVERY_S)

        async with beside(keep_showing()):
            yield
        show()
