"""A notifier with its own rights and no others: it delivers, records, and takes answers."""

from pathlib import Path

import httpx2
import pytest

from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.tokens import TokenFile
from schemas.topics import AUDIT_ENTRY, SITE, Role, Topic
from sinks.notify.web.office import SENDERS, SENDERS_FILE
from tests.parts import RunningKafka, eventually
from tests.security.conftest import READER
from tests.security.services import environment
from tests.sinks.notify.pager import pager
from tests.sinks.notify.web.kit import NOW

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_notifier_needs_no_right_of_others(kafka: RunningKafka, tmp_path: Path) -> None:
    reader = kafka.embedded.settings(READER)

    async def records(topic: Topic) -> int:
        found = read_partitions(reader, topic.name, range(topic.partitions))
        return len([one async for one in found])

    token = TokenFile(tmp_path / "data" / SENDERS_FILE, SENDERS).add("prometheus", NOW)
    async with pager(kafka.embedded.settings(Role.PROCESSOR), tmp_path) as world:
        world.environment = environment(kafka.embedded.settings(Role.NOTIFIER))
        told = world.told("mail")
        async with world.running(), httpx2.AsyncClient(base_url=world.outside) as client:
            await world.publish(told)
            await eventually(lambda: len(world.mailbox.mails) == 1, 60)
            post = [{"labels": {"alertname": "Down"}}]
            known = {"Authorization": f"Bearer {token}"}
            taken = await client.post("/api/v2/alerts", json=post, headers=known)
            refused = await client.post("/api/v2/alerts", json=post)
            assert told.id in {one.notification for one in await world.attempts()}

    assert (taken.status_code, refused.status_code) == (200, 401)
    assert await records(SITE) >= 1
    assert await records(AUDIT_ENTRY) >= 1
