"""A broker that is out of reach amid a send: what was begun is ended, and the next one goes on."""

import asyncio
from pathlib import Path

import pytest

from plantstream.embedded.checks import HOST
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from schemas.topics import CATALOGUE, MACHINE
from tests.parts import Beside, free_port, running_kafka
from tests.proxy import Way, proxying

pytestmark = [pytest.mark.integration, pytest.mark.slow]

RECORD = Outgoing(MACHINE.name, 1, b"k", b"1")


def senders() -> list[str]:
    """Tasks of producers that are still at work."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("Sender.")]


async def test_a_producer_that_was_given_up_sends_nothing_more(tmp_path: Path):
    beside = Beside(free_port(), free_port())
    async with (
        running_kafka(tmp_path, beside=beside) as kafka,
        proxying(beside.port, port=beside.advertised) as way,
    ):
        await apply_topics(kafka.settings, CATALOGUE)
        where = {"bootstrap_servers": f"{HOST}:{beside.advertised}"}
        async with KafkaBroker(kafka.settings.model_copy(update=where)) as broker:
            await broker.send([RECORD])
            assert senders()
            way.swallow(Way.BOTH)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await broker.send([RECORD])

            assert senders() == []
            way.mend()
            await broker.send([RECORD])
