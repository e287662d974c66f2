"""What truly happened, written down as it happens: one JSON object per line.

It knows nothing of how the pipeline computes: its readers are the judges of the pipeline.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from plantstream.runtime.errors import MisconfiguredError
from schemas.record import EquipmentPath


@dataclass(frozen=True, slots=True)
class StanceEntry:
    """From `at` on the equipment is in this state and makes this; no state: it can't be read."""

    at: datetime
    state: str | None
    batch: str | None
    product: str | None
    reason: str | None = None
    """What the controller gives as the reason why it stands."""


@dataclass(frozen=True, slots=True)
class MadeEntry:
    """So many more parts, in counting units, registered at `at`."""

    at: datetime
    good: int
    scrap: int
    rework: int
    batch: str | None
    product: str | None


@dataclass(frozen=True, slots=True)
class ResetEntry:
    """The equipment's counters began at 0, without a part being made."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SaidEntry:
    """A person states this at `at`; `statement` is what the laboratory's input is given."""

    at: datetime
    by: str
    statement: Mapping[str, Any]
    meaning: str = ""
    """Of the signature that it is stated with; empty is not signed."""

    @property
    def time(self) -> datetime:
        """The moment of which it speaks."""
        return datetime.fromisoformat(self.statement["time"])


@dataclass(frozen=True, slots=True)
class MishapEntry:
    """Something goes wrong at the equipment (`begins`), or is mended."""

    at: datetime
    what: str
    begins: bool


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """The tag shows this from `at` on; written down around a mishap only."""

    at: datetime
    tag: str
    value: float


@dataclass(slots=True)
class History:
    """All entries of one equipment, in order."""

    stances: list[StanceEntry] = field(default_factory=list)
    made: list[MadeEntry] = field(default_factory=list)
    resets: list[ResetEntry] = field(default_factory=list)
    said: list[SaidEntry] = field(default_factory=list)
    mishaps: list[MishapEntry] = field(default_factory=list)
    shown: list[ShownEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger that was read: true from `start` to `end`."""

    plant_version: str
    seed: int
    start: datetime
    end: datetime
    complete: bool
    """The simulator came to its end; otherwise it was killed, and `end` is its last entry."""
    equipment: Mapping[EquipmentPath, History]
    laboratory: Sequence[SaidEntry] = ()
    """What was stated of products and batches, in this order."""


class LedgerWriter:
    """Writes a ledger. Every call is in the file when it returns."""

    def __init__(self, file: Path, plant_version: str, seed: int, start: datetime) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._out: TextIO = file.open("w", encoding="utf-8", buffering=1)
        self._write("begin", start, plant_version=plant_version, seed=seed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def stance(self, path: EquipmentPath, entry: StanceEntry) -> None:
        """The equipment's state, batch or product is another one."""
        told = {"state": entry.state, "batch": entry.batch, "product": entry.product}
        self._write("stance", entry.at, equipment=path, **told, reason=entry.reason)

    def made(self, path: EquipmentPath, entry: MadeEntry) -> None:
        """Parts were made."""
        told = {"good": entry.good, "scrap": entry.scrap, "rework": entry.rework}
        named = {"batch": entry.batch, "product": entry.product}
        self._write("made", entry.at, equipment=path, **told, **named)

    def reset(self, path: EquipmentPath, entry: ResetEntry) -> None:
        """The counters began anew."""
        self._write("reset", entry.at, equipment=path)

    def said(self, path: EquipmentPath, entry: SaidEntry) -> None:
        """Somebody states something of the equipment."""
        statement = dict(entry.statement)
        self._write("said", entry.at, equipment=path, by=entry.by, statement=statement)

    def stated(self, entry: SaidEntry) -> None:
        """The laboratory states something; what names something else does so by its `id`."""
        told = {"statement": dict(entry.statement), "meaning": entry.meaning}
        self._write("stated", entry.at, by=entry.by, **told)

    def mishap(self, path: EquipmentPath, entry: MishapEntry) -> None:
        """Something goes wrong, or is mended."""
        self._write("mishap", entry.at, equipment=path, what=entry.what, begins=entry.begins)

    def shown(self, path: EquipmentPath, entry: ShownEntry) -> None:
        """A tag shows another value."""
        self._write("shown", entry.at, equipment=path, tag=entry.tag, value=entry.value)

    def still(self, at: datetime) -> None:
        """All that is written down holds until now."""
        self._write("still", at)

    def end(self, at: datetime) -> None:
        """Nothing is judged after this."""
        self._write("end", at)

    def close(self) -> None:
        """Close the file."""
        self._out.close()

    def _write(self, kind: str, at: datetime, **fields: Any) -> None:
        line = {"kind": kind, "at": at.isoformat(), **fields}
        self._out.write(json.dumps(line, separators=(",", ":")) + "\n")


def read_ledger(file: Path) -> Ledger:
    """The ledger in this file, also of a simulator that was killed.

    Raises:
        MisconfiguredError: there is none.
    """
    lines = list(_lines(file))
    if not lines or lines[0]["kind"] != "begin":
        raise MisconfiguredError(f"{file} is no ledger: it does not begin with a `begin` line")
    equipment: dict[EquipmentPath, History] = {}
    for line in lines:
        if "equipment" in line:
            _note(equipment.setdefault(line["equipment"], History()), line)
    return Ledger(
        plant_version=lines[0]["plant_version"],
        seed=lines[0]["seed"],
        start=_moment(lines[0]),
        end=_moment(lines[-1]),
        complete=lines[-1]["kind"] == "end",
        equipment=equipment,
        laboratory=[
            SaidEntry(_moment(line), line["by"], line["statement"], line["meaning"])
            for line in lines
            if line["kind"] == "stated"
        ],
    )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """All whole lines; a simulator that was killed may leave half of one at the end."""
    with file.open(encoding="utf-8") as opened:
        for text in opened:
            if not text.endswith("\n"):
                return
            line: dict[str, Any] = json.loads(text)
            yield line


def _note(history: History, line: dict[str, Any]) -> None:
    at = _moment(line)
    named = (line.get("batch"), line.get("product"))
    match line["kind"]:
        case "stance":
            history.stances.append(StanceEntry(at, line["state"], *named, line.get("reason")))
        case "made":
            counts = (line["good"], line["scrap"], line["rework"])
            history.made.append(MadeEntry(at, *counts, *named))
        case "reset":
            history.resets.append(ResetEntry(at))
        case "said":
            history.said.append(SaidEntry(at, line["by"], line["statement"]))
        case "mishap":
            history.mishaps.append(MishapEntry(at, line["what"], line["begins"]))
        case "shown":
            history.shown.append(ShownEntry(at, line["tag"], line["value"]))
        case _:
            pass


def _moment(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["at"])
