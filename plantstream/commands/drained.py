"""Whether everything that was sent is in SQL: the end of the logs against positions that count."""

import asyncio
from collections.abc import Callable

from plantstream.runtime.clock import monotonic
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.admin import committed_offsets
from plantstream.runtime.kafka.survey import waiting_records
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import DEADLETTER, KPI, MACHINE, TELEMETRY
from sinks.timescale.read import positions

POLL_S = 0.25
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
    return await waiting_records(kafka, [MACHINE], await committed_offsets(kafka, PROCESSOR_GROUP))


async def _unstored(kafka: KafkaSettings, database: DatabaseSettings) -> int:
    stored = {
        TopicPartition(row["topic"], row["partition"]): row["next"]
        for row in await positions(database)
    }
    return await waiting_records(kafka, [TELEMETRY, MACHINE, KPI, DEADLETTER], stored)
