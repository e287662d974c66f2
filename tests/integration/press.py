"""The tablet press's recording, and what it comes to by plain arithmetic: nothing of ours in it."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTS = ROOT / "deploy/plants/tablet_press"
MAP, PLANT, NO_WEEKEND = (PLANTS / name for name in ("map.yaml", "plant.yaml", "no_weekend.yaml"))
RECORDING = ROOT.parent / "shared/data/pharma_Process_6.csv"
EQUIPMENT = "tablet-press"

IDEAL_CYCLE_S = 0.03
TAGS = 14
"""Columns of the recording that the map names."""

needs_recording = pytest.mark.skipif(
    not RECORDING.exists(), reason=f"{RECORDING.name} is not in ../shared/data"
)


@dataclass(frozen=True)
class Row:
    """What the arithmetic needs of one line."""

    at: datetime
    batch: str
    running: bool
    produced: int
    """Good tablets so far."""
    waste: int
    ejection: float


@dataclass(frozen=True)
class Figures:
    """What a batch comes to."""

    planned_s: float = 0
    running_s: float = 0
    good: int = 0
    scrap: int = 0

    def ratios(self) -> dict[str, float]:
        all_parts = self.good + self.scrap
        return {
            "availability": self.running_s / self.planned_s,
            "effectiveness": all_parts * IDEAL_CYCLE_S / self.running_s,
            "quality_ratio": self.good / all_parts,
            "oee": self.good * IDEAL_CYCLE_S / self.planned_s,
        }

    def matches(self, found: Mapping[str, object]) -> bool:
        """Counts and seconds exactly, ratios within 1e-6."""
        exact = {"planned_s", "running_s", "good", "scrap"}
        ratios = {name: found[name] for name in self.ratios()}
        return all(
            found[name] == getattr(self, name) for name in exact
        ) and ratios == pytest.approx(self.ratios(), abs=1e-6, rel=0)


Oracle = Mapping[str, Figures]
Overlap = Callable[[datetime, datetime], float]
"""Planned seconds between two moments."""

ALWAYS = {
    "368": Figures(280_400, 70_410, 2_344_000, 29_508),
    "369": Figures(75_670, 70_880, 2_382_000, 5_281),
}
WITHOUT_WEEKEND = ALWAYS | {"368": Figures(107_600, 63_313, 2_114_000, 21_036)}
"""As ../shared/data/README.md gives them; the arithmetic below must come to the same."""


def always(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def weekdays(start: datetime, end: datetime) -> float:
    """The seconds that are no Saturday and no Sunday."""
    planned_s = 0.0
    while start < end:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), UTC)
        until = min(end, midnight)
        if start.weekday() < 5:
            planned_s += (until - start).total_seconds()
        start = until
    return planned_s


def read_rows(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return [
            Row(
                datetime.fromisoformat(line["timestamp"]).replace(tzinfo=UTC),
                line["batch"],
                float(line["tbl_speed"]) > 0,
                round(float(line["produced"]) * 1000),
                round(float(line["waste"])),
                float(line["ejection"]),
            )
            for line in csv.DictReader(file, delimiter=";")
        ]


def oracle(rows: Sequence[Row], overlap: Overlap = always) -> Oracle:
    """Planned and running time between the rows of a batch; counts belong to the row they are in.

    The first row of all says where its counters stand, not what was made.
    """
    increases = {later.at: _increase(earlier, later) for earlier, later in pairwise(rows)}
    return {
        batch: _figures(list(of_batch), increases, overlap)
        for batch, of_batch in groupby(rows, key=lambda row: row.batch)
    }


def excerpt(path: Path, first: int, last: int) -> Path:
    """A recording of its own with these rows of the whole one, counted from 1."""
    header, *rows = RECORDING.read_text().splitlines(keepends=True)
    path.write_text("".join([header, *rows[first - 1 : last]]))
    return path


def _figures(
    rows: Sequence[Row], increases: Mapping[datetime, tuple[int, int]], overlap: Overlap
) -> Figures:
    spans = [(overlap(one.at, after.at), one.running) for one, after in pairwise(rows)]
    moment = timedelta(microseconds=1)
    counted = [
        increases.get(row.at, (0, 0)) for row in rows if overlap(row.at, row.at + moment) > 0
    ]
    return Figures(
        planned_s=sum(seconds for seconds, _ in spans),
        running_s=sum(seconds for seconds, running in spans if running),
        good=_total(good for good, _ in counted),
        scrap=_total(scrap for _, scrap in counted),
    )


def _increase(earlier: Row, later: Row) -> tuple[int, int]:
    return (
        _grown(earlier.produced, later.produced),
        _grown(earlier.waste, later.waste),
    )


def _grown(before: int, after: int) -> int:
    """A counter that stands lower than before began anew at zero."""
    return after - before if after >= before else after


def _total(numbers: Iterable[int]) -> int:
    return sum(numbers)
