"""A broker that is out of reach: what was begun is ended, and whoever ends it goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from plantstream.embedded.checks import HOST
from plantstream.runtime.at_once import together
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.kafka.client import client_arguments, stop
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, MACHINE
from tests.parts import Beside, eventually, free_port, running_kafka
from tests.proxy import Proxy, Way, proxying

pytestmark = [pytest.mark.integration, pytest.mark.slow]

RESTING_MS = 5_000
"""After each failure: long enough to be met at rest."""
RECORD = Outgoing(MACHINE.name, 1, b"k", b"1")


@asynccontextmanager
async def behind_a_proxy(folder: Path) -> AsyncIterator[tuple[KafkaSettings, Proxy]]:
    """A broker with all topics, and the only way to it."""
    beside = Beside(free_port(), free_port())
    async with (
        running_kafka(folder, beside=beside) as kafka,
        proxying(beside.port, port=beside.advertised) as way,
    ):
        await apply_topics(kafka.settings, CATALOGUE)
        where = {"bootstrap_servers": f"{HOST}:{beside.advertised}"}
        yield kafka.settings.model_copy(update=where), way


def senders() -> list[str]:
    """Tasks of producers that are still at work."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("Sender.")]


async def fails() -> None:
    raise UnavailableError("nobody answers")


async def test_whoever_ends_a_reader_that_cannot_fetch_is_not_cut_off_himself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with behind_a_proxy(tmp_path) as (settings, way):
        consumer = AIOKafkaConsumer(
            MACHINE.name, **client_arguments(settings), retry_backoff_ms=RESTING_MS
        )
        await consumer.start()
        await consumer.seek_to_end()
        async with way.away():
            await eventually(lambda: "Failed fetch messages" in caplog.text)
            with pytest.raises(UnavailableError):
                await together([fails(), fails()])
            await stop(consumer)


async def test_a_producer_that_was_given_up_sends_nothing_more(tmp_path: Path):
    async with behind_a_proxy(tmp_path) as (settings, way), KafkaBroker(settings) as broker:
        await broker.send([RECORD])
        assert senders()
        way.swallow(Way.BOTH)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await broker.send([RECORD])

        assert senders() == []
        way.mend()
        await broker.send([RECORD])
