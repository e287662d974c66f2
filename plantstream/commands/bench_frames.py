"""Telemetry as it stands in the log, for the benchmarks of the sink, and a reader of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from plantstream.commands.bench_tags import MACHINES, PATH, PERIOD, TAGS
from plantstream.runtime.ports import Assigned, Bounds, Record, TopicPartition
from schemas.codec import encode
from schemas.partitioning import partition_of
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import TELEMETRY

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)


def frames(first: int, rounds: int, tags: int = len(TAGS)) -> Iterator[TelemetryFrame]:
    """So many instants of all machines, a frame each with one sample of each tag."""
    for count in range(first, first + rounds):
        at = BEGIN + count * PERIOD
        columns = [
            Column(tag=tag, unit="degC", offset_ms=[0], numbers=[count + 0.5])
            for tag in TAGS[:tags]
        ]
        for machine in MACHINES:
            yield TelemetryFrame(
                id=EventId(source="bench/edge", epoch="e1", seq=count),
                plant_version="v1",
                source_time=at,
                ingest_time=at,
                equipment=PATH.format(machine),
                columns=columns,
            )


def place_of(frame: TelemetryFrame) -> int:
    """Its partition."""
    return partition_of(frame.equipment.encode(), TELEMETRY.partitions)


class MemoryReader:
    """The port of a sink, over frames in memory that grow."""

    def __init__(self) -> None:
        self._log: dict[TopicPartition, list[Record]] = defaultdict(list)
        self._next: dict[TopicPartition, int] = {}
        self._told = False
        self.idle = False
        """The last poll found nothing: all that was given before is stored."""

    def append(self, made: Iterator[TelemetryFrame]) -> int:
        """More frames; gives how many samples they hold."""
        samples = 0
        for frame in made:
            samples += frame.sample_count()
            source = TopicPartition(TELEMETRY.name, place_of(frame))
            key, offset = frame.equipment.encode(), len(self._log[source])
            self._log[source].append(Record(*_place(source), offset, key, encode(frame), 1))
        return samples

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Records of as many partitions as it takes, as a consumer that is behind gets them."""
        if not self._told:
            self._told = True
            return Assigned(frozenset(self._log))
        found: list[Record] = []
        for source, records in self._log.items():
            start = self._next.get(source, 0)
            some = records[start : start + limit - len(found)]
            self._next[source] = start + len(some)
            found += some
        self.idle = not found
        return found

    async def hold(self) -> None:
        """There is nobody to stay with."""

    async def cluster_id(self) -> str:
        """Always the same log."""
        return "bench"

    async def bounds(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Bounds]:
        """Everything from the start."""
        return {one: Bounds(0, len(self._log[one])) for one in partitions}

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on here."""
        self._next[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Nobody asks for it."""


def _place(source: TopicPartition) -> tuple[str, int]:
    return source.topic, source.partition
