"""What was stored before: the last `seq` per source, epoch, topic and key. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from plantstream.runtime.ports import TopicPartition
from schemas.record import Envelope
from schemas.site import SIGNS_OF_LIFE
from sinks.batch import Event, Span


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
    lost: dict[Mark, int] = field(default_factory=dict)
    """How many events never arrived before those that did."""

    @property
    def holes(self) -> int:
        """Events that never arrived."""
        return sum(self.lost.values())


class KnownMarks:
    """Marks as we stored them last; they hold while a batch begins where our last one ended.

    The fence sees to the rest: had another writer stored more of the partition since, the position
    would stand elsewhere, and the batch with what was taken from here would be rolled back.
    """

    def __init__(self, at_most: int = 50_000) -> None:
        self._at_most, self._size = at_most, 0
        self._ends: dict[TopicPartition, int] = {}
        self._seqs: dict[TopicPartition, dict[Mark, int]] = {}

    def of(self, spans: Sequence[Span], events: Sequence[Event]) -> dict[Mark, int]:
        """What is known of the marks of these events."""
        usable = {one.partition for one in spans if self._ends.get(one.partition) == one.begin}
        found: dict[Mark, int] = {}
        for event in events:
            seqs = self._seqs.get(event.record.source, {})
            mark = _mark(event)
            if mark in seqs and event.record.source in usable:
                found[mark] = seqs[mark]
        return found

    def stored(
        self, spans: Sequence[Span], events: Sequence[Event], marks: Mapping[Mark, int]
    ) -> None:
        """A batch of these is durable, and its events reached these marks."""
        if self._size > self._at_most:
            self._ends, self._seqs, self._size = {}, {}, 0
        for span in spans:
            if self._ends.get(span.partition) != span.begin:
                self._size -= len(self._seqs.pop(span.partition, {}))
            self._ends[span.partition] = span.after.next
        for event in events:
            mark = _mark(event)
            if mark is not None and mark in marks:
                seqs = self._seqs.setdefault(event.record.source, {})
                self._size += mark not in seqs
                seqs[mark] = marks[mark]


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
        if seq > last + 1 and not isinstance(event.value, SIGNS_OF_LIFE):
            fresh.lost[mark] = fresh.lost.get(mark, 0) + seq - last - 1
        fresh.marks[mark] = seq
        fresh.events.append(event)
    return fresh


def _mark(event: Event) -> Mark | None:
    """None of records that replace by key, and of events that are sent once."""
    value = event.value
    if not isinstance(value, Envelope) or value.id.is_sent_once:
        return None
    return Mark(value.id.source, value.id.epoch, event.record.topic, value.partition_key())
