"""A member of a group that hands over in order, on a consumer without a broker."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition

from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.inbox import KafkaInbox
from plantstream.runtime.ports import Assigned, Bounds, TopicPartition as Position
from plantstream.runtime.settings import KafkaSettings

pytestmark = pytest.mark.asyncio
NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:1")
BEFORE, AFTER = [TopicPartition("t", 0)], [TopicPartition("t", 1)]


class Reassigned(KafkaInbox):
    """The broker does not answer, and meanwhile the group deals its partitions out anew."""

    async def bounds(self, partitions: Collection[Position]) -> Mapping[Position, Bounds]:
        del partitions
        self.remember(AFTER)
        raise UnavailableError("away")


class Consumer:
    """Has nothing to give."""

    def pause(self, *partitions: TopicPartition) -> None:
        """Nothing flows."""


async def test_what_is_ours_by_now_counts_although_taking_over_failed_before():
    inbox: Any = Reassigned(NOBODY, "group", ["t"])
    await inbox._consumer.stop()
    inbox._consumer = Consumer()
    inbox.remember(BEFORE)

    with pytest.raises(UnavailableError):
        await inbox.poll(1)

    assert inbox._assigned == Assigned(frozenset({Position("t", 1)}))
