"""Chunks to records: the mapping with its memory between chunks; no disk, no broker, no clock."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto

from ingest.chunks import Mapped, map_chunk
from ingest.drafts import Draft
from ingest.frames import Reading, dump_readings, frame, load_readings, whole_frames
from ingest.input import Told
from ingest.mapping import SKEW_LIMIT
from ingest.memory import Memory
from ingest.rules import plant_rules
from ingest.sealing import (
    Moment,
    Record,
    Stamps,
    seal_event,
    seal_frame,
    seal_stated,
    seal_unreadable,
)
from schemas.plant.load import PlantFile
from schemas.record import EquipmentPath
from schemas.telemetry import MAX_SAMPLES

_EQUIPMENT = "equipment:"
_FRAMES = "frames:"


class FrameCut(Enum):
    """Where one telemetry frame ends and the next begins."""

    EACH_CHUNK = auto()
    """With the chunk: at once, for what is live."""
    WHOLE = auto()
    """When it is full: the same frames at any pace, for recordings."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a chunk led to, ready to be stored."""

    records: Sequence[Record] = ()
    memory: Mapping[str, bytes] = field(default_factory=dict)
    mapped: Mapped = field(default_factory=Mapped)


class Edge:
    """The equipment of one plant file, as far as this edge has seen it."""

    def __init__(
        self,
        plant: PlantFile,
        stamps: Stamps,
        cut: FrameCut = FrameCut.EACH_CHUNK,
        skew_limit: timedelta | None = SKEW_LIMIT,
        memory: Mapping[str, bytes] | None = None,
    ) -> None:
        self._rules = plant_rules(plant)
        self._stamps = stamps
        self._cut = cut
        self._skew_limit = skew_limit
        self._memories: dict[EquipmentPath, Memory] = {}
        self._waiting: dict[EquipmentPath, Sequence[Reading]] = {}
        for name, stored in (memory or {}).items():
            self._recall(name, stored)

    def adopt(self, plant: PlantFile) -> None:
        """Go on under another plant file; what is remembered of its equipment stays."""
        self._rules = plant_rules(plant)

    def known(self) -> list[EquipmentPath]:
        """The equipment that has been seen."""
        return [path for path in self._memories if path in self._rules]

    def equipment(self) -> list[EquipmentPath]:
        """All equipment of the plant file."""
        return list(self._rules)

    def take(self, observations: Sequence[Told], moment: Moment) -> Outcome:
        """Apply the observations and give every record an id."""
        mapped = map_chunk(
            self._rules, self._memories, observations, moment.ingest_time, self._skew_limit
        )
        # What is as it was is on disk, or was never told of.
        memory = {
            _EQUIPMENT + path: one.dump()
            for path, one in mapped.memories.items()
            if one is not self._memories.get(path)
        }
        records: list[Record] = [
            seal_unreadable(self._stamps, seen, moment) for seen in mapped.unreadable
        ]
        records += self.tell(mapped.events, moment)
        records += [seal_stated(self._stamps, seen, moment) for seen in mapped.stated]
        for path, readings in mapped.readings.items():
            records += self._frames(path, readings, moment, memory)
        # Last: what becomes no record has not been seen.
        self._memories |= mapped.memories
        return Outcome(records, memory, mapped)

    def tell(self, drafts: Iterable[Draft], moment: Moment) -> list[Record]:
        """Events that no observation led to."""
        return [seal_event(self._stamps, draft, moment) for draft in drafts]

    def rest(self, moment: Moment) -> Outcome:
        """The frames that are not full, once nothing more will come."""
        records: list[Record] = []
        memory: dict[str, bytes] = {}
        for path, readings in list(self._waiting.items()):
            if readings:
                records.append(self._frame(path, readings, moment))
                self._wait(path, (), memory)
        return Outcome(records, memory)

    def _frames(
        self,
        path: EquipmentPath,
        readings: Sequence[Reading],
        moment: Moment,
        memory: dict[str, bytes],
    ) -> list[Record]:
        if self._cut is FrameCut.EACH_CHUNK:
            parts = [readings[at : at + MAX_SAMPLES] for at in range(0, len(readings), MAX_SAMPLES)]
        else:
            parts, rest = whole_frames([*self._waiting.get(path, ()), *readings])
            self._wait(path, rest, memory)
        return [self._frame(path, part, moment) for part in parts]

    def _frame(self, path: EquipmentPath, readings: Sequence[Reading], moment: Moment) -> Record:
        units = self._rules[path].units
        return seal_frame(self._stamps, frame(path, units, readings), moment)

    def _wait(
        self, path: EquipmentPath, readings: Sequence[Reading], memory: dict[str, bytes]
    ) -> None:
        self._waiting[path] = readings
        memory[_FRAMES + path] = json.dumps(dump_readings(readings)).encode()

    def _recall(self, name: str, stored: bytes) -> None:
        if name.startswith(_EQUIPMENT):
            self._memories[name.removeprefix(_EQUIPMENT)] = Memory.load(stored)
        elif name.startswith(_FRAMES):
            path = name.removeprefix(_FRAMES)
            if path in self._rules:
                self._waiting[path] = load_readings(json.loads(stored))
