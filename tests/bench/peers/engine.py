"""The job as an engine of ours: pure, driven by the shell like all others."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from processors.step import Output, Transition
from schemas.plant.load import PlantFile
from schemas.record import Frozen
from schemas.telemetry import Column, TelemetryFrame
from schemas.topic import Topic
from schemas.topics import TELEMETRY
from tests.bench.peers.windowed import (
    TAGS,
    WINDOW_MS,
    Sums,
    closed,
    empty,
    row,
    row_key,
)


class WindowedOee(Frozen):
    """A minute of one equipment."""

    equipment: str
    minute: int
    samples: float
    running: float
    total: float
    good: float
    availability: float | None = None
    performance: float | None = None
    quality: float | None = None
    oee: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The minutes of one equipment that are not over."""

    equipment: str
    newest_ms: int = 0
    open_ms: int = 0
    """What begins before is over."""
    windows: Mapping[int, Sums] = field(default_factory=dict)
    plant_version: str = ""
    run: str = ""


class WindowedEngine:
    """Reads telemetry and tells the OEE of each minute once."""

    inputs = (TELEMETRY,)

    def __init__(self, name: str = "bench-oee") -> None:
        self.name = name
        self.memory = _topic(f"plant.{name}.state.v1")
        self.output = _topic(output_topic(name))

    def key_of(self, event: TelemetryFrame) -> str:
        """The equipment."""
        return event.equipment

    def load(self, key: str, rows: Mapping[str, bytes]) -> State:
        """The state that `dump` gave."""
        windows = {int(name): json.loads(one) for name, one in rows.items() if name != "at"}
        at = json.loads(rows.get("at", b'[0,0,""]'))
        return State(key, at[0], at[1], windows, at[2])

    def dump(self, state: State) -> dict[str, bytes]:
        """A row for each minute, and one that says where it is."""
        rows = {str(minute): json.dumps(sums).encode() for minute, sums in state.windows.items()}
        at = [state.newest_ms, state.open_ms, state.plant_version]
        return {"at": json.dumps(at).encode(), **rows}

    def advance(
        self, state: State, events: Sequence[TelemetryFrame], plant: PlantFile
    ) -> Transition[State]:
        """Add frames of one equipment up."""
        windows = {minute: list(sums) for minute, sums in state.windows.items()}
        newest = state.newest_ms
        for frame in events:
            newest = max(newest, add(windows, frame, state.open_ms))
        over = closed(windows, newest)
        told = [
            Output(
                self.output,
                state.equipment,
                row_key(state.equipment, minute),
                WindowedOee.model_validate(row(state.equipment, minute, windows.pop(minute))),
            )
            for minute in over
        ]
        open_ms = over[-1] + WINDOW_MS if over else state.open_ms
        return Transition(State(state.equipment, newest, open_ms, windows, plant.version), told)

    def due(self, state: State) -> None:
        """Only samples end a minute."""
        del state

    def tick(self, state: State, now: object, plant: PlantFile) -> Transition[State]:
        """A tick never."""
        del now, plant
        return Transition(state)


def add(windows: dict[int, Sums], frame: TelemetryFrame, open_ms: int = 0) -> int:
    """Add a frame's columns to their minutes; gives the time of its newest sample."""
    base, newest = round(frame.source_time.timestamp() * 1000), 0
    for column in frame.columns:
        if column.tag in _PLACES and column.numbers:
            newest = max(newest, _add(windows, column, base, open_ms))
    return newest


def output_topic(name: str) -> str:
    """Where the rows of such a run go."""
    return f"bench.{name}.v1"


_PLACES = {tag: place + 1 for place, tag in enumerate(TAGS)}


def _add(windows: dict[int, Sums], column: Column, base: int, open_ms: int) -> int:
    place, offsets, numbers = _PLACES[column.tag], column.offset_ms, column.numbers or []
    first, last = base + min(offsets), base + max(offsets)
    minute = first - first % WINDOW_MS
    if last < minute + WINDOW_MS:
        if minute >= open_ms:
            _count(windows, minute, place, numbers)
        return last
    parts: dict[int, list[float | None]] = {}
    for offset, number in zip(offsets, numbers, strict=True):
        at = base + offset
        parts.setdefault(at - at % WINDOW_MS, []).append(number)
    for minute, some in parts.items():
        if minute >= open_ms:
            _count(windows, minute, place, some)
    return last


def _count(
    windows: dict[int, Sums], minute: int, place: int, numbers: Sequence[float | None]
) -> None:
    sums = windows.get(minute)
    if sums is None:
        sums = windows[minute] = empty()
    if place == 1:
        sums[0] += len(numbers)
    sums[place] += sum(filter(None, numbers))


def _topic(name: str) -> Topic:
    return Topic(
        name=name,
        about="A benchmark's.",
        types=(WindowedOee,),
        partition_by="equipment",
        record_key="row",
        writers=frozenset(),
        readers=frozenset(),
    )
