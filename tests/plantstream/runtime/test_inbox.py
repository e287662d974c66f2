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
    """Is asked for nothing that it would have to wait for."""

    def __init__(self) -> None:
        self._paused: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return {*BEFORE}

    def paused(self) -> set[TopicPartition]:
        return self._paused

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[str, int]:
        assert partitions == []
        return {}

    end_offsets = beginning_offsets

    async def getmany(self, timeout_ms: int) -> dict[TopicPartition, list[object]]:
        assert timeout_ms == 0
        return {}


async def test_who_wants_no_records_is_told_what_is_ours_and_holds_what_was_fetched():
    inbox: Any = KafkaInbox(NOBODY, "group", ["t"])
    await inbox._consumer.stop()
    inbox._consumer = consumer = Consumer()
    assert await inbox.poll(0) == []
    assert consumer.paused() == {*BEFORE}

    inbox.remember([])

    assert await inbox.poll(0) == Assigned(frozenset())


async def test_what_is_ours_by_now_counts_although_taking_over_failed_before():
    inbox: Any = Reassigned(NOBODY, "group", ["t"])
    await inbox._consumer.stop()
    inbox._consumer = Consumer()
    inbox.remember(BEFORE)

    with pytest.raises(UnavailableError):
        await inbox.poll(1)

    assert inbox._assigned == Assigned(frozenset({Position("t", 1)}))
