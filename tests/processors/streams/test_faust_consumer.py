"""The consumer that Faust makes for an engine: how its group deals out, how often it asks."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from plantstream.runtime.kafka import linked
from plantstream.runtime.settings import KafkaSettings
from processors.service import WIRINGS
from processors.streams.faust_feed import FaustFeed
from schemas.topics import BY_NAME

NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:1")


class Catalogue:
    """What a broker says of our topics."""

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(BY_NAME[topic].partitions))


async def made(engine: str) -> Any:
    """The consumer that Faust makes for an engine."""
    app: Any = FaustFeed(NOBODY, engine, WIRINGS[engine].make().inputs, "0")._app
    consumer = app.consumer._thread._create_consumer(asyncio.get_running_loop())
    await consumer.stop()
    return consumer


async def dealt(engine: str, workers: int) -> list[dict[str, Collection[int]]]:
    """What each of so many workers reads by topic, as one of them deals it out."""
    (assignor,) = (await made(engine))._partition_assignment_strategy
    said = assignor.metadata([topic.name for topic in WIRINGS[engine].make().inputs])
    shares = assignor.assign(Catalogue(), {f"worker {one}": said for one in range(workers)})
    return [dict(share.assignment) for share in shares.values()]


async def test_the_end_of_a_log_is_known_while_two_answers_in_turn_hold_nothing():
    consumer = await made("rules")

    assert 2 * consumer._fetch_max_wait_ms / 1000 < linked.FRESH_S / 1.5


@pytest.mark.parametrize("workers", [1, 2, 5, 12])
@pytest.mark.parametrize("engine", WIRINGS)
async def test_a_worker_reads_the_same_partitions_of_all_topics_and_each_has_one(engine, workers):
    shares = await dealt(engine, workers)

    topics = WIRINGS[engine].make().inputs
    for share in shares:
        assert len({tuple(share.get(topic.name, ())) for topic in topics}) == 1, share
    for topic in topics:
        numbers = sorted(number for share in shares for number in share.get(topic.name, ()))
        assert numbers == list(range(topic.partitions))
