"""What was stored before: the last `seq` per source, epoch, topic and key. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.record import Envelope
from schemas.site import EdgeHeartbeat, SourceHeartbeat
from sinks.batch import Event

_SIGNS_OF_LIFE = (EdgeHeartbeat, SourceHeartbeat)
"""They are not sent again: what is missing of them is no loss."""


class Mark(NamedTuple):
    """What a `seq` counts up in."""

    source: str
    epoch: str
    topic: str
    key: str


@dataclass(slots=True)
class Fresh:
    """The events that count, the marks they reach, and what was found on the way."""

    events: list[Event] = field(default_factory=list)
    marks: dict[Mark, int] = field(default_factory=dict)
    repeats: int = 0
    holes: int = 0


def marks_of(events: Sequence[Event]) -> set[Mark]:
    """The marks that these events are compared with."""
    return {mark for event in events if (mark := _mark(event)) is not None}


def without_repeats(events: Sequence[Event], marks: Mapping[Mark, int]) -> Fresh:
    """Leave out events at or below their mark; what has none passes."""
    fresh = Fresh()
    for event in events:
        mark = _mark(event)
        if mark is None:
            fresh.events.append(event)
            continue
        seq, last = event.value.id.seq, fresh.marks.get(mark, marks.get(mark, -1))
        if seq <= last:
            fresh.repeats += 1
            continue
        if not isinstance(event.value, _SIGNS_OF_LIFE):
            fresh.holes += seq - last - 1
        fresh.marks[mark] = seq
        fresh.events.append(event)
    return fresh


def _mark(event: Event) -> Mark | None:
    """None of records that replace by key, and of events that are sent once."""
    value = event.value
    if not isinstance(value, Envelope) or value.id.is_sent_once:
        return None
    return Mark(value.id.source, value.id.epoch, event.record.topic, value.partition_key())
