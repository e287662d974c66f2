"""What the shell remembers of one partition, as rows of the journal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import Any

from processors.step import Engine
from processors.streams.causes import Causes
from processors.streams.dues import Dues
from schemas.record import EventId

_COMPACT = json.JSONEncoder(separators=(",", ":"))
Rows = dict[bytes, bytes | None]
"""Changed rows; None removes one."""
Fingerprints = dict[str, int]
"""By the name of a row, 64 bits that tell whether it is another one; of this process only."""


@dataclass(slots=True)
class Unsaved:
    """Rows of a partition that the journal does not have yet, and since when."""

    since: datetime
    rows: Rows = field(default_factory=dict)
    records: int = 0


@dataclass(slots=True)
class Memory:
    """Positions, marks and states of one partition, as they stand in the journal.

    `positions`: per topic the next offset to apply. `marks`: the last `seq` applied per partition
    key, source, epoch and topic. `stored`: the rows of each state that nobody asked for yet;
    `states`: the others, and `fingerprints` of their rows, which are not needed any more.
    `causes` is not in the journal: after a restart what began before names no event.
    `dues`: when which state is to be told the time.
    """

    positions: dict[str, int] = field(default_factory=dict)
    marks: dict[tuple[str, ...], int] = field(default_factory=dict)
    stored: dict[str, dict[str, bytes]] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    fingerprints: dict[str, Fingerprints] = field(default_factory=dict, compare=False)
    causes: Causes = field(default_factory=Causes, compare=False)
    dues: Dues = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.dues = Dues(self.stored.keys() | self.states.keys())

    @classmethod
    def from_rows(cls, rows: Mapping[bytes, bytes]) -> "Memory":
        """The memory that these rows of the journal hold."""
        positions, marks = dict[str, int](), dict[tuple[str, ...], int]()
        stored: dict[str, dict[str, bytes]] = {}
        same: dict[str, str] = {}
        for key, value in rows.items():
            kind, *names = json.loads(key)
            if kind == "position":
                positions[names[0]] = int(value)
            elif kind == "mark":
                marks[tuple(same.setdefault(name, name) for name in names)] = int(value)
            else:
                stored.setdefault(names[0], {})[intern(names[1])] = value
        return cls(positions, marks, stored)

    def state_of(self, key: str, engine: Engine[Any]) -> Any:
        """The state of this key; a key never seen before has its first state."""
        if key not in self.states:
            rows = self.stored.pop(key, {})
            self.states[key], self.fingerprints[key] = engine.load(key, rows), _fingerprints(rows)
        return self.states[key]

    def due(self, engine: Engine[Any], now: datetime, most: int) -> list[str]:
        """The keys of live states that may have something to say by now, up to `most`.

        Asked again for the same moment it gives others.
        """

        def due_of(key: str) -> datetime | None:
            state = self.state_of(key, engine)
            return None if state.run else engine.due(state)

        return self.dues.ripe(now, most, due_of)


@dataclass(slots=True)
class Draft:
    """Changes to a memory that count only once the journal has them."""

    positions: dict[str, int] = field(default_factory=dict)
    marks: dict[tuple[str, ...], int] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    fingerprints: dict[str, Fingerprints] = field(default_factory=dict)

    def rows(self, memory: Memory, engine: Engine[Any]) -> Rows:
        """The rows of the journal that change."""
        changed: Rows = {
            _row("position", topic): str(offset).encode()
            for topic, offset in self.positions.items()
        }
        changed |= {_row("mark", *mark): str(seq).encode() for mark, seq in self.marks.items()}
        for key, state in self.states.items():
            before, rows = memory.fingerprints.get(key, {}), engine.dump(state)
            self.fingerprints[key] = after = _fingerprints(rows)
            changed |= {_row("state", key, name): None for name in before.keys() - after.keys()}
            changed |= {
                _row("state", key, name): row
                for name, row in rows.items()
                if before.get(name) != after[name]
            }
        return changed

    def keep(self, memory: Memory) -> None:
        """Make the changes part of the memory."""
        memory.positions |= self.positions
        memory.marks |= self.marks
        memory.states |= self.states
        memory.dues.moved(self.states)
        memory.fingerprints |= self.fingerprints


def _fingerprints(rows: Mapping[str, bytes]) -> Fingerprints:
    return {name: hash(row) for name, row in rows.items()}


def mark_of(key: str, topic: str, event: EventId) -> tuple[str, ...]:
    """What the last `seq` of an event's source is remembered under."""
    return key, event.source, event.epoch, topic


def _row(*parts: str) -> bytes:
    return _COMPACT.encode(parts).encode()
