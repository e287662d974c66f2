"""What must come out of a story, by plain arithmetic on its intervals. It knows no processor."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from tests.simulation.story import (
    IDEAL_US,
    MINOR_STOP_S,
    SHIFT_ENDS_MS,
    START,
    MachineStory,
    Story,
)

MINUTE_MS = 60_000
DAY = "2026-03-02"


@dataclass(frozen=True, order=True)
class CellName:
    """What a cell is named by."""

    equipment: str
    minute: datetime
    batch: str
    product: str
    shift: str


@dataclass
class Truth:
    """Amounts per cell, and per closed window its span and sums."""

    cells: dict[CellName, Counter[str]] = field(default_factory=dict)
    windows: dict[tuple[str, str, str], tuple[datetime, datetime, Counter[str]]] = field(
        default_factory=dict
    )
    """By equipment, kind and name."""


def truth_of(story: Story) -> Truth:
    """All cells and all closed windows."""
    truth = Truth()
    for machine in story.machines:
        pieces = list(_pieces(machine, story.end_ms))
        for at, name, amounts in pieces:
            del at
            truth.cells.setdefault(name, Counter()).update(amounts)
        for kind, window, start, end in _windows(machine, story.end_ms):
            sums: Counter[str] = Counter()
            for _, name, amounts in pieces:
                if window == (name.batch if kind == "batch" else name.shift):
                    sums.update(amounts)
            truth.windows[machine.path, kind, window] = (_moment(start), _moment(end), sums)
    return truth


def _windows(machine: MachineStory, end_ms: int) -> Iterator[tuple[str, str, int, int]]:
    if end_ms > SHIFT_ENDS_MS:
        yield "shift", _shift(0), 0, SHIFT_ENDS_MS
    for (start, name), (end, _) in pairwise(machine.batches):
        if name:
            yield "batch", name, start, end


def _pieces(machine: MachineStory, end_ms: int) -> Iterator[tuple[int, CellName, dict[str, int]]]:
    """Every stretch of time in which nothing changes, and every count."""
    minutes = range(0, end_ms + 1, MINUTE_MS)
    changes = {at for at, _ in (*machine.states, *machine.batches, *machine.products)}
    for start, end in pairwise(sorted({*changes, *minutes, end_ms})):
        yield start, _cell(machine, start), {f"{_category(machine, start)}_ms": end - start}
    for at, kind, more in machine.counts:
        ideal = more * IDEAL_US[_latest(machine.products, at)]
        amounts = {kind: more, "ideal_us": ideal}
        if kind == "good":
            amounts["ideal_good_us"] = ideal
        yield at, _cell(machine, at), amounts


def _cell(machine: MachineStory, at: int) -> CellName:
    minute = START + timedelta(minutes=at // MINUTE_MS)
    batch, product = _latest(machine.batches, at), _latest(machine.products, at)
    return CellName(machine.path, minute, batch, product, _shift(at))


def _category(machine: MachineStory, at: int) -> str:
    """The state at this moment; a stop shorter than the threshold is a minor one."""
    start, state = [one for one in machine.states if one[0] <= at][-1]
    end = next(since for since, _ in machine.states if since > at)
    short = end - start < MINOR_STOP_S * 1000
    return "minor_stop" if state == "unplanned_stop" and short else state


def _shift(at: int) -> str:
    return f"{DAY}/{'early' if at < SHIFT_ENDS_MS else 'late'}"


def _latest(changes: Sequence[tuple[int, str]], at: int) -> str:
    said = [value for since, value in changes if since <= at]
    return said[-1] if said else ""


def _moment(at: int) -> datetime:
    return START + timedelta(milliseconds=at)
