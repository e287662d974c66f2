"""What became of a file: a report beside it, and the file itself in `done` or `rejected`."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.inputs.lab.statements import Mistake

DONE = "done"
REJECTED = "rejected"
MAX_MISTAKES = 10_000
"""Mistakes that a report lists; all are counted."""


@dataclass(slots=True)
class Findings:
    """What was found in one file."""

    taken: int = 0
    """Rows that are stored."""
    broken: int = 0
    """Rows that are not."""
    mistakes: list[tuple[str, Mistake]] = field(default_factory=list)
    """With the line of each, or its first and last one."""
    unlisted: int = 0

    def add(self, place: str, mistakes: Iterable[Mistake]) -> None:
        """A row that is not stored, where it stands, and why."""
        self.broken += 1
        for mistake in mistakes:
            if len(self.mistakes) < MAX_MISTAKES:
                self.mistakes.append((place, mistake))
            else:
                self.unlisted += 1

    @property
    def folder(self) -> str:
        """Where the file goes: `done` if something of it was taken, or nothing was wrong."""
        return REJECTED if self.broken and not self.taken else DONE

    def summary(self) -> str:
        """One sentence for people."""
        told = f"{self.taken} rows taken, {self.broken} not"
        if self.unlisted:
            told += f"; {self.unlisted} further mistakes are not listed"
        if self.broken and self.taken:
            told += "; send only the rows that were not taken again"
        return told


def put_away(file: Path, findings: Findings) -> Path:
    """Write the report and move the file; gives where it stands now."""
    folder = file.parent / findings.folder
    folder.mkdir(exist_ok=True)
    target = _free(folder / file.name)
    beside = target.with_name(f".{target.name}.report.tmp")
    with beside.open("w", encoding="utf-8", newline="") as to:
        writer = csv.writer(to)
        writer.writerow(("line", "field", "reason"))
        for place, mistake in findings.mistakes:
            writer.writerow((place, mistake.field, mistake.reason))
        writer.writerow(("", "", findings.summary()))
    beside.replace(target.with_name(f"{target.name}.report.csv"))
    file.replace(target)
    return target


def _free(wanted: Path) -> Path:
    """This path, or the next one with a number that nothing stands at."""
    number, found = 1, wanted
    while found.exists():
        number += 1
        found = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
    return found
