"""Two files of benchmarks side by side: what became worse, by ratios, which machines share."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from plantstream.commands.bench_figure import AIMS, Row
from plantstream.runtime.errors import MisconfiguredError

WORSE_BY = 0.2
"""Machines are shared and noisy: a smaller change says nothing."""


class Change(TypedDict):
    """A figure of both files; the change is that of the ratio, and positive where it is worse."""

    id: str
    before: float
    after: float
    worse_by: float
    is_worse: bool


def read(file: Path) -> Mapping[str, Row]:
    """What a file of `plantstream bench` holds, by id.

    Raises:
        MisconfiguredError: it is no such file.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise TypeError("no list")  # noqa: TRY301 - told like the others
        return {row["id"]: row for row in rows}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MisconfiguredError(f"{file} is not written by plantstream bench: {error}") from error


def changes(before: Mapping[str, Row], after: Mapping[str, Row]) -> list[Change]:
    """Each figure that both files have a ratio of; of the others nothing can be said."""
    found = []
    for name, aim in AIMS.items():
        old, new = (rows[name]["ratio"] if name in rows else None for rows in (before, after))
        if old and new:
            worse_by = old / new - 1 if aim.is_floor else new / old - 1
            found.append(
                Change(
                    id=name,
                    before=old,
                    after=new,
                    worse_by=round(worse_by, 3),
                    is_worse=worse_by > WORSE_BY,
                )
            )
    return found
