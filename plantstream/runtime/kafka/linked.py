"""Records that say which offsets around them hold nothing.

The mark that ends a transaction, and what a broken one left behind, have offsets of their own that
no reader is ever given. Whoever has to see that nothing was left out needs to know of them. When
aiokafka hands out what it has fetched it knows them, and forgets.
"""

from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer import fetcher, subscription_state
from aiokafka.structs import ConsumerRecord, TopicPartition

from plantstream.runtime.kafka import whole
from plantstream.runtime.ports import Record

_BEFORE, _AFTER = "plantstream-empty-before", "plantstream-empty-after"
ANSWER_MS = 500
"""The broker answers this soon, also with nothing. A partition whose records were not yet taken
when it was asked about the others waits for that answer first, and then for its own."""
FRESH_S = 2.0
_Records = list[ConsumerRecord[Any, Any]]


class Empty(NamedTuple):
    """These offsets hold nothing that counts."""

    start: int = -1
    end: int = -1


class LinkedResult(fetcher.FetchResult):  # type: ignore[misc] # aiokafka has no types
    """What was fetched of a partition; it tells of the offsets between its records."""

    def getall(self, max_records: int | None = None) -> _Records:
        """All of them that are wanted, each with what is empty around it."""
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        state = self._assignment.state_value(self._topic_partition)
        known, start = _empty(state), state.position
        if known.end == start:
            start = known.start
        found: _Records = super().getall(max_records)
        end = found[-1].offset + 1 if found else start
        state.plantstream_empty = Empty(end, state.position)
        return _linked(found, start, state.position) if found else found


def link() -> None:
    """Make all consumers of this process that begin after this tell it."""
    fetcher.FetchResult = LinkedResult
    subscription_state.TopicPartitionState.lso = property(_end, _hear)


def end_of(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Before which offset everything is committed or undone; None while no broker answers."""
    state = _state(consumer, partition)
    end, heard_at = getattr(state, _LSO, _NEVER)
    return None if end is None or monotonic() - heard_at > FRESH_S else end


def is_read(consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int, end: int) -> bool:
    """Whether no committed record lies between both, as far as it has fetched."""
    empty = _empty(_state(consumer, partition))
    return (empty.end if empty.start <= offset < empty.end else offset) >= end


def _state(consumer: AIOKafkaConsumer, partition: TopicPartition) -> Any:
    """What it knows of a partition; None if that is not its own."""
    assignment = consumer._subscription.subscription.assignment  # noqa: SLF001 - no public way
    return assignment.state_value(partition) if partition in assignment.tps else None


def as_record(record: ConsumerRecord[bytes, bytes]) -> Record:
    """The driver's record as ours, with so many offsets before and after it that hold nothing."""
    found = whole.as_record(record)
    told = dict(record.headers)
    if _BEFORE not in told and _AFTER not in told:
        return found
    before, after = int(told.get(_BEFORE, 0)), int(told.get(_AFTER, 0))
    return replace(found, empty_before=before, empty_after=after)


_LSO = "plantstream_lso"
_NEVER: tuple[int | None, float] = (None, 0.0)


def _end(state: Any) -> int | None:
    """Up to where transactions are decided, as the broker last said."""
    found: tuple[int | None, float] = getattr(state, _LSO, _NEVER)
    return found[0]


def _hear(state: Any, end: int | None) -> None:
    setattr(state, _LSO, (end, monotonic()))


def _empty(state: Any) -> Empty:
    """What lies behind the last record that was handed out."""
    found: Empty = getattr(state, "plantstream_empty", Empty())
    return found


def _linked(records: _Records, start: int, end: int) -> _Records:
    if end - start == len(records):
        return records
    ends = [*(one.offset for one in records[1:]), end]
    found = []
    for record, following in zip(records, ends, strict=True):
        empties = ((_BEFORE, record.offset - start), (_AFTER, following - record.offset - 1))
        told = [(name, b"%d" % number) for name, number in empties if number]
        found.append(replace(record, headers=(*record.headers, *told)) if told else record)
        start = following
    return found
