"""The meter of lag on a log that goes on while it is looked at."""

from dataclasses import dataclass
from typing import Any

import pytest

from plantstream.runtime.kafka.lag import Lag, LagMeter
from plantstream.runtime.ports import TopicPartition
from plantstream.runtime.settings import KafkaSettings

pytestmark = pytest.mark.asyncio
NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:1")
PLACE = TopicPartition("t", 0)


@dataclass
class Found:
    """A record of the log."""

    offset: int
    timestamp: int


class Log:
    """Ended with the mark of a transaction when it was asked; then one more record came."""

    async def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, 12)

    async def getmany(self, *partitions: Any, timeout_ms: int) -> dict[Any, list[Found]]:
        del timeout_ms
        return {one: [Found(13, 1_000)] for one in partitions}

    def assign(self, partitions: list[Any]) -> None:
        assert len(partitions) == 1

    def seek(self, partition: Any, offset: int) -> None:
        assert (partition.topic, offset) == ("t", 11)

    def pause(self, *partitions: Any) -> None:
        """It has no more."""


async def test_a_record_that_came_while_it_looked_is_not_unread_yet():
    meter: Any = LagMeter(NOBODY)
    await meter._consumer.stop()
    meter._consumer = Log()

    assert await meter.measure({PLACE: 11}) == {PLACE: Lag(0, None, 11, 12)}
