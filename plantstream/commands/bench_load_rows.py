"""When rows could be seen in SQL, how late that was, and whether every one of them is there."""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from plantstream.commands.bench_load_plant import ALERT, COUNTING, HOT, PATH, TAGS, Load
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.ports import TopicPartition

if TYPE_CHECKING:
    from plantstream.runtime.ports import Record
    from plantstream.runtime.settings import DatabaseSettings, KafkaSettings

LOOK_EVERY_S = 0.05
_POSITIONS = "SELECT topic, partition, next FROM sink_position WHERE topic = ANY(%s)"
_INSIDE = "time >= %(begin)s AND time < %(end)s"
_TICKS: LiteralString = f"""
    SELECT value::bigint, time FROM sample
    WHERE equipment = %(equipment)s AND tag = %(tag)s AND {_INSIDE} ORDER BY time
"""  # noqa: S608 - a constant
_SAMPLES: LiteralString = f"""
    SELECT equipment, tag, count(*), min(value), max(value), sum(value) FROM sample
    WHERE {_INSIDE} GROUP BY equipment, tag
"""  # noqa: S608 - a constant
_BEYOND = """
    SELECT count(*) FROM (
        SELECT DISTINCT equipment, tag FROM sample WHERE time >= %(end)s AND tag = ANY(%(tags)s)
    ) AS tag_beyond
"""
_PARTS: LiteralString = f"""
    SELECT equipment, sum(good)::bigint FROM machine_event
    WHERE type = 'parts_counted' AND {_INSIDE} GROUP BY equipment
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Window:
    """What counts: values whose source time is in it."""

    begin: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.begin <= at < self.end


@dataclass(slots=True)
class Sightings:
    """How far each partition was stored, and when that was first seen.

    The sink's position moves in the transaction that stores the rows: who sees it behind a record
    can see the record's rows.
    """

    ends: dict[TopicPartition, list[int]] = field(default_factory=dict)
    times: dict[TopicPartition, list[datetime]] = field(default_factory=dict)

    def see(self, positions: Iterable[tuple[str, int, int]], now: datetime) -> None:
        """These positions stand in SQL by now."""
        for topic, partition, end in positions:
            place = TopicPartition(topic, partition)
            ends = self.ends.setdefault(place, [])
            if not ends or end > ends[-1]:
                ends.append(end)
                self.times.setdefault(place, []).append(now)

    def seen_at(self, place: TopicPartition, offset: int) -> datetime:
        """When the rows of this record were first seen.

        Raises:
            PlantstreamError: nobody saw them.
        """
        ends = self.ends.get(place, [])
        number = bisect_right(ends, offset)
        if number == len(ends):
            raise PlantstreamError(f"record {offset} of {place} never reached SQL")
        return self.times[place][number]

    async def look(self, database: "DatabaseSettings") -> None:
        """Look at SQL until cancelled."""
        from schemas.topics import MACHINE, TELEMETRY
        from sinks.timescale.connection import connect

        topics = [TELEMETRY.name, MACHINE.name]
        async with await connect(database) as connection:
            while True:
                cursor = await connection.execute(_POSITIONS, (topics,))
                self.see(await cursor.fetchall(), clock.now())
                await asyncio.sleep(LOOK_EVERY_S)


async def all_beyond(database: "DatabaseSettings", load: Load, window: Window) -> None:
    """Return once SQL has a value of each tag from behind the window: all before it came."""
    from sinks.timescale.connection import connect

    given = {"end": window.end, "tags": list(TAGS)}
    wanted = (load.machines * len(TAGS),)
    async with await connect(database) as connection:
        while True:
            found = await (await connection.execute(_BEYOND, given)).fetchone()
            if found == wanted:
                return
            await asyncio.sleep(10 * LOOK_EVERY_S)


@dataclass(slots=True)
class Late:
    """How late rows were, and how many samples each frame had."""

    rows_s: list[float] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)


async def late(kafka: "KafkaSettings", sightings: Sightings, window: Window) -> Late:
    """How late the rows of the window were: of all samples, and of parts that were counted.

    Raises:
        PlantstreamError: nobody saw one of them.
    """
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import MACHINE, TELEMETRY

    found = Late()
    for topic in (TELEMETRY, MACHINE):
        async for record in read_partitions(kafka, topic.name, range(topic.partitions)):
            times = [at for at in _times(record) if at in window]
            if times:
                seen_at = sightings.seen_at(record.source, record.offset)
                found.rows_s += [(seen_at - at).total_seconds() for at in times]
                if topic is TELEMETRY:
                    found.frames.append(len(times))
    return found


def _times(record: "Record") -> Iterator[datetime]:
    """The source times of its rows."""
    from schemas.codec import decode
    from schemas.machine import PartsCounted
    from schemas.telemetry import TelemetryFrame
    from schemas.topics import BY_NAME

    value = decode(BY_NAME[record.topic], record.value)
    if isinstance(value, PartsCounted):
        yield value.source_time
    elif isinstance(value, TelemetryFrame):
        for column in value.columns:
            for offset_ms in column.offset_ms:
                yield value.source_time + timedelta(milliseconds=offset_ms)


class Tag(NamedTuple):
    """What stands in SQL of a tag."""

    rows: int
    least: float
    largest: float
    total: float


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands in SQL of the window."""

    ticks: Mapping[int, datetime]
    """When each tick was, by a tag of the first machine."""
    tags: Mapping[tuple[str, str], Tag]
    parts: Mapping[str, int]

    @classmethod
    async def read(cls, database: "DatabaseSettings", load: Load, window: Window) -> "Stored":
        """Ask the database."""
        from sinks.timescale.connection import connect

        first = {"equipment": PATH.format(load.names()[0]), "tag": COUNTING[0]}
        inside = {"begin": window.begin, "end": window.end}
        async with await connect(database) as connection:

            async def ask(query: LiteralString, given: Mapping[str, Any]) -> list[Any]:
                return await (await connection.execute(query, given)).fetchall()

            ticks = await ask(_TICKS, inside | first)
            tags = await ask(_SAMPLES, inside)
            parts = await ask(_PARTS, inside)
        of_tags = {(equipment, tag): Tag(*rest) for equipment, tag, *rest in tags}
        return cls(dict(ticks), of_tags, dict(parts))

    def must_be_whole(self, load: Load) -> None:
        """Refuse it if a row is missing, or stands there twice.

        Raises:
            PlantstreamError: with the tag or machine.
        """
        first, last = min(self.ticks), max(self.ticks)
        number = last - first + 1
        counted = Tag(number, first, last, (first + last) * number / 2)
        for machine, name in enumerate(load.names()):
            path = PATH.format(name)
            for tag in COUNTING:
                if self.tags.get((path, tag)) != counted:
                    found = self.tags.get((path, tag))
                    raise PlantstreamError(f"{path} {tag}: {counted} was expected, not {found}")
            hot = self.tags.get((path, HOT))
            if hot is None or hot.rows != number:
                raise PlantstreamError(f"{path} {HOT}: {number} rows were expected, not {hot}")
            parts = sum(load.makes_part(machine, tick) for tick in range(first, last + 1))
            if self.parts.get(path, 0) != parts:
                raise PlantstreamError(f"{path}: {parts} parts, {self.parts.get(path)} counted")

    def pages(self, load: Load) -> set[tuple[str, str, datetime]]:
        """Alert, machine and beginning of each page that is due."""
        return {
            (ALERT, name, at)
            for tick, at in self.ticks.items()
            for machine, name in enumerate(load.names())
            if load.gets_hot(machine, tick)
        }
