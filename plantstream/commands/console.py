"""How commands speak: data on stdout, messages on stderr, `--json` wherever there is output."""

import json
import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 160
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
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def print_table(rows: Iterable[Mapping[str, Any]], title: str | None = None) -> None:
    """Rows as a table; numbers to the right, and nothing where there is no value."""
    listed = list(rows)
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold underline",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for name in listed[0] if listed else ():
        numeric = all(isinstance(row[name], int | float | None) for row in listed)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=True)
    for row in listed:
        table.add_row(*(_text(value) for value in row.values()))
    data.print(table)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
