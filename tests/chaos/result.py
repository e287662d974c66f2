"""What came of a run, one JSON object each, written down at once."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one row."""

    row: str
    commit: str
    seed: int
    started: str
    seconds: float
    lost: int
    repeated: int
    missing_pages: int
    wrong: int
    recovery_s: float | None
    ok: bool
    why: str = ""
    """What was not ok."""
    resumed_s: float | None = None
    """Until all went on, where the row promises that; being as new as before takes longer."""
    anew: list[str] = field(default_factory=list)
    """Services that ended by themselves, and were started anew."""
    run_again: str = ""
    """Of a run that was not ok, by hand: why the same is run again, as which commit mended it."""


def read(file: Path) -> list[Result]:
    """All results of a file; none where there is no file."""
    if not file.exists():
        return []
    names = {one.name for one in fields(Result)}
    told: list[dict[str, Any]] = json.loads(file.read_text())
    return [Result(**{key: value for key, value in one.items() if key in names}) for one in told]


def add(file: Path, result: Result) -> None:
    """Write it down; a killed writer leaves the file as it was."""
    write(file, [*read(file), result])


def write(file: Path, results: Sequence[Result]) -> None:
    """One line a result, so that a change of one is a change of a line."""
    lines = ",\n".join(json.dumps(asdict(one)) for one in results)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(f"[\n{lines}\n]\n")
    fresh.replace(file)
