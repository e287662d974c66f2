"""What an input tells the agent, and what the agent promises an input."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from schemas.audit import AuditEntry
from schemas.record import Envelope, EquipmentPath

Value = bool | int | float | str | None

GOOD = 0
"""OPC UA status code of a trusted value; the two top bits say uncertain (01) or bad (10)."""
BAD = 0x80000000


class Sample(NamedTuple):
    """One value of one tag of the plant file; a tuple, because there are so many of them."""

    equipment: EquipmentPath
    tag: str
    value: Value
    source_time: datetime
    quality: int = GOOD
    historical: bool = False
    """Told later, out of a device's own store: telemetry of its time, never what is so now."""
    filtered: bool = False
    """The source has applied the tag's deadband: what it tells is news."""
    kept: bool = False
    """It waited at the source, or at a broker, while nobody listened: it may be as old as it is."""


@dataclass(frozen=True, slots=True)
class Alive:
    """The source answered at `at`: what it said last still holds."""

    equipment: EquipmentPath
    at: datetime
    source: str | None = None
    """The source that answered; None speaks for all of the equipment. The agent fills it in."""
    tags: frozenset[str] | None = None
    """What holds, where that may be less than all that is read at the source."""


@dataclass(frozen=True, slots=True)
class Back:
    """The equipment is watched again from `at` on, before anything is said of it.

    An input that can go on without a hole says so with `whole`, before its first values: what was
    said since its position comes, and nothing is missed. Where an input does not say that it is
    back, the first value does, and what was not seen before is missed.
    """

    equipment: EquipmentPath
    at: datetime
    whole: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """Between `start` and `end` nothing could be seen."""

    equipment: EquipmentPath
    start: datetime
    end: datetime
    reason: str
    lost: int | None = None
    source: str | None = None
    """The source that could not be seen; None is all of the equipment. The agent fills it in."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something the source said that will never be a sample."""

    origin: str
    """File or address it came from."""
    line: int | None
    raw: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """What an alarm or condition of an equipment is from `at` on."""

    equipment: EquipmentPath
    condition: str
    """Its id at the source: the same over its whole life."""
    name: str
    origin: str
    """What it is about: address and name of a node."""
    origin_name: str
    severity: int
    """1 (mere information) to 1000 (disaster)."""
    message: str
    active: bool
    acknowledged: bool
    retained: bool
    """Whether it still deserves a look."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Stated:
    """Something a person or an instrument stated: a record as it is, but for its id."""

    topic: str
    partition_key: str
    kind: type[Envelope] | type[AuditEntry]
    source_time: datetime
    fields: Mapping[str, Any]
    """All that `kind` has beside the envelope, or beside id and time; checked by the input."""


Observation = Sample | Alive | Missed | Unreadable | Alarm
"""What a source that is read says."""
Told = Observation | Back | Stated
"""What any source says."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Observations that are stored in one transaction, together with the position after them."""

    observations: tuple[Told, ...]
    position: str | None = None
    """Where to go on after a restart; None for a source that cannot be read again."""
    urgent: bool = False
    """Somebody may be called for what it says."""


class Input(Protocol):
    """A source of observations. The agent asks for the next chunk once the last one is on disk."""

    def chunks(self, position: str | None) -> AsyncIterator[Chunk]:
        """Observations in the order of their source time per equipment, from this position on.

        It ends when the source has an end, reconnects for ever when it has none, and raises
        `MisconfiguredError` when only a person can help.
        """
