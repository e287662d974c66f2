"""Whether everything that was sent is in SQL: the end of the logs against positions that count."""

import asyncio
from collections.abc import Callable

from plantstream.runtime.clock import monotonic
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.admin import committed_offsets, end_offsets
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import DEADLETTER, KPI, MACHINE, TELEMETRY, Topic
from sinks.timescale.read import positions

POLL_S = 0.25
MARKERS = 50
"""So few offsets may all be markers of transactions: look at what they are."""
PROCESSOR_GROUP = "plantstream-oee"


async def wait_until_stored(
    kafka: KafkaSettings,
    database: DatabaseSettings,
    limit_s: float,
    say: Callable[[int], None] = lambda _: None,
) -> None:
    """Return when events are processed and everything of the edge and the processor is stored.

    Raises:
        UnavailableError: not within the limit, with how many records still wait.
    """
    deadline = monotonic() + limit_s
    while True:
        waiting = await _unprocessed(kafka) or await _unstored(kafka, database)
        say(waiting)
        if not waiting:
            return
        if monotonic() > deadline:
            raise UnavailableError(
                f"{waiting} records are still not in SQL after {limit_s:g} s; "
                "see the logs of process and sink, or ask plantstream doctor"
            )
        await asyncio.sleep(POLL_S)


async def _unprocessed(kafka: KafkaSettings) -> int:
    ends = await end_offsets(kafka, [MACHINE])
    reached = await committed_offsets(kafka, PROCESSOR_GROUP)
    return sum(_missing(ends, reached).values())


async def _unstored(kafka: KafkaSettings, database: DatabaseSettings) -> int:
    stored = {
        TopicPartition(row["topic"], row["partition"]): row["next"]
        for row in await positions(database)
    }
    topics: list[Topic] = [TELEMETRY, MACHINE, KPI, DEADLETTER]
    perhaps: dict[str, dict[int, int]] = {}
    for where, behind in _missing(await end_offsets(kafka, topics), stored).items():
        if behind > MARKERS:
            return behind
        perhaps.setdefault(where.topic, {})[where.partition] = stored.get(where, 0)
    waiting = 0
    for topic, starts in perhaps.items():
        waiting += len([one async for one in read_partitions(kafka, topic, starts)])
    return waiting


def _missing(
    ends: dict[TopicPartition, int], reached: dict[TopicPartition, int]
) -> dict[TopicPartition, int]:
    behind = {where: end - reached.get(where, 0) for where, end in ends.items()}
    return {where: records for where, records in behind.items() if records > 0}
