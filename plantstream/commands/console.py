"""How commands speak: data on stdout, messages on stderr, `--json` wherever there is output."""

import json
import sys
from typing import Any

from rich.console import Console

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
