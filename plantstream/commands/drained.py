"""Whether everything that was sent is in SQL: the end of the logs against positions that count."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from plantstream.runtime.clock import monotonic
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.admin import Groups, end_offsets
from plantstream.runtime.kafka.survey import unread
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import DEADLETTER, KPI, MACHINE, TELEMETRY
from sinks.timescale.stored import Stored

POLL_S = 0.25
PROCESSOR_GROUP = "plantstream-oee"

_Offsets = Mapping[TopicPartition, int]


async def wait_until_stored(
    kafka: KafkaSettings,
    database: DatabaseSettings,
    limit_s: float,
    say: Callable[[int], None] = lambda _: None,
) -> None:
    """Return when the events that stand in the log now are processed, and all of them is stored.

    What others send meanwhile is not waited for.

    Raises:
        UnavailableError: not within the limit, with how many records still wait.
    """
    wait = _Wait(kafka, limit_s, monotonic() + limit_s, say)
    sent = await end_offsets(kafka, [TELEMETRY, MACHINE])
    events = {one: end for one, end in sent.items() if one.topic == MACHINE.name}
    async with aclosing(Groups(kafka)) as groups, aclosing(Stored(database)) as stored:
        await wait.until(partial(groups.reached, PROCESSOR_GROUP), events)
        await wait.until(stored.offsets, sent | await end_offsets(kafka, [KPI, DEADLETTER]))


@dataclass(frozen=True, slots=True)
class _Wait:
    kafka: KafkaSettings
    limit_s: float
    deadline: float
    say: Callable[[int], None]

    async def until(self, reached: Callable[[], Awaitable[_Offsets]], ends: _Offsets) -> None:
        """Return when nothing lies between what was reached and these ends."""
        while waiting := await unread(self.kafka, ends, await reached()):
            self.say(waiting)
            if monotonic() > self.deadline:
                raise UnavailableError(
                    f"{waiting} records are still not in SQL after {self.limit_s:g} s; "
                    "see the logs of process and sink, or ask plantstream doctor"
                )
            await asyncio.sleep(POLL_S)
        self.say(0)
