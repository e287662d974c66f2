"""Weeks of a simulated plant as a recording: a CSV and a map per equipment, and the ledger."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from plantstream.simulator.bookkeeper import Bookkeeper
from plantstream.simulator.ledger import LedgerWriter
from plantstream.simulator.machine import Dice, Machine, halt, signals
from plantstream.simulator.plant import Change, plant_state, step_machine
from plantstream.simulator.signals import Point, points, value_of
from plantstream.simulator.tempo import EVERYDAY, Pace
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile

LONGEST_STEP_S = 60.0
"""At least so often a row is written."""
FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC).date()
"""A Monday; recordings begin at its midnight in the plant's time zone."""
LEDGER = "ledger.jsonl"
PLANT = "plant.yaml"

Progress = Callable[[float], None]
"""Told the part (0 to 1) that is done."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written."""

    start: datetime
    end: datetime
    rows: int
    ledger: Path


def local_time(moment: datetime, time_zone: str) -> datetime:
    """The instant at which the plant's clocks show this; one with its own zone stays as it is."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return moment.astimezone(UTC)


def simulate(
    span: tuple[datetime | None, float],
    seed: int,
    out: Path,
    plant: PlantFile,
    progress: Progress | None = None,
) -> Recorded:
    """Write the recording of a span (begin, days) into the folder `out`.

    Per equipment `<id>.csv` and `<id>.map.yaml`, which the player of recordings reads, with the
    plant file they belong to, and the ledger. The same seed gives the same files.

    Raises:
        MisconfiguredError: the plant file has equipment that cannot be simulated.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / PLANT).write_text(plant.text, encoding="utf-8")
    begin, days = span
    start = local_time(begin or datetime.combine(FIRST_DAY, time()), plant.plant.time_zone)
    end = start + timedelta(days=days)
    state = plant_state(plant.plant, Pace(EVERYDAY), seed)
    rows = 0
    with LedgerWriter(out / LEDGER, plant.version, seed, start) as ledger:
        books = Bookkeeper(plant.plant, ledger)
        for done, (name, machine) in enumerate(state.machines.items()):
            equipment = next(one for one in plant.plant.equipment if one.id == name)
            life = _Life(equipment, machine, state.dice[name], books)
            with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as opened:
                rows += life.record(csv.writer(opened, lineterminator="\n"), start, end)
            _write_map(equipment, life.points, out / f"{name}.map.yaml")
            if progress is not None:
                progress((done + 1) / len(state.machines))
        ledger.end(end)
    return Recorded(start, end, rows, out / LEDGER)


class _Life:
    """One machine from the first row to the last."""

    def __init__(
        self, equipment: Equipment, machine: Machine, dice: Dice, books: Bookkeeper
    ) -> None:
        self._name = equipment.id
        self._machine = machine
        self._dice = dice
        self._books = books
        self.points = points(equipment, signals(machine, dice.noise))

    def record(self, out: Any, start: datetime, end: datetime) -> int:
        """Write all rows, the last one at `end`; gives their number."""
        out.writerow(["time", *(one.tag.name for one in self.points)])
        at, rows = start, 0
        step_s = 0.0
        while at + timedelta(seconds=step_s) < end:
            at += timedelta(seconds=step_s)
            self._machine, change = step_machine(self._name, self._machine, step_s, self._dice)
            self._write(out, change, at)
            rows += 1
            # Whole milliseconds, so that the times of the rows are exact.
            step_s = max(0.001, round(min(LONGEST_STEP_S, self._machine.longest_step_s), 3))
        self._machine = halt(self._machine)
        shown = signals(self._machine, self._dice.noise)
        self._write(out, Change(self._name, shown, self._machine.stance), end)
        return rows + 1

    def _write(self, out: Any, change: Change, at: datetime) -> None:
        self._books.note([change], at)
        stance = self._machine.stance
        values = (value_of(point, change.signals, stance) for point in self.points)
        out.writerow([_written(at), *values])


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_map(equipment: Equipment, shown: tuple[Point, ...], file: Path) -> None:
    document = {
        "equipment": equipment.id,
        "delimiter": ",",
        "time": {"column": "time", "format": "iso", "zone": "UTC"},
        "columns": {one.tag.name: one.tag.name for one in shown},
    }
    with file.open("w", encoding="utf-8") as opened:
        opened.write("# Made by the simulator: which column is which tag of the plant file.\n")
        YAML().dump(document, opened)
