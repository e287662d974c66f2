"""What an observation leads to, before anything of it has an id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ingest.frames import Reading
from ingest.memory import Memory
from schemas.machine import MachineRecord
from schemas.record import EquipmentPath


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no id yet."""

    kind: type[MachineRecord]
    equipment: EquipmentPath
    source_time: datetime
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a sample that could not be used; it is counted, and the rest goes on."""

    reason: str
    equipment: EquipmentPath
    tag: str
    value: str
    source: str = ""


class Step(NamedTuple):
    """What one observation led to; a tuple, because there are so many of them."""

    memory: Memory
    events: tuple[Draft, ...] = ()
    readings: tuple[Reading, ...] = ()
    problems: tuple[str, ...] = ()
    """Reasons, for `Problem`."""
    shown: str = ""
    """What a problem shows instead of the sample's value."""
