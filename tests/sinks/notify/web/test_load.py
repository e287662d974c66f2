"""While a storm of alerts comes in, people are answered."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest

from schemas.topics import SITE as SITE_TOPIC
from sinks.notify.web.alertmanager import WEBHOOK
from tests.sinks.notify.web.kit import House, house, sender_token, status
from tests.sinks.notify.web.test_alertmanager import told, webhook

ALERTS, GROUPS, REPEATS = 1_000, 10, 10
WITHIN_S = 5.0


@pytest.mark.slow
async def test_people_are_answered_while_a_thousand_alerts_come_in(tmp_path: Path, capsys):
    headers = {"Authorization": f"Bearer {sender_token(tmp_path, 'prometheus-1')}"}
    size = ALERTS // GROUPS
    posts = [
        webhook(*[told(f"Alert{group * size + n}", value=str(n)) for n in range(size)])
        for group in range(GROUPS)
    ]
    async with house(tmp_path, status()) as home:
        storm = asyncio.create_task(told_all(home, posts * REPEATS, headers))
        looks = []
        while not storm.done():
            start = time.perf_counter()
            assert (await home.client.get(home.link())).status_code == 200
            looks.append(time.perf_counter() - start)
        took = await storm

        assert len(home.records(SITE_TOPIC)) == ALERTS
    looks.sort()
    with capsys.disabled():
        p99_ms = looks[int(len(looks) * 0.99)] * 1000
        print(  # noqa: T201 - the figure is what this test is for
            f"\n{ALERTS * REPEATS} alerts, {ALERTS} unique, in {len(posts) * REPEATS} posts: "
            f"{took:.2f} s; {len(looks)} pages meanwhile, p99 {p99_ms:.0f} ms"
        )


async def told_all(home: House, posts: Sequence[object], headers: dict[str, str]) -> float:
    """One post after the other, spread over the time of the storm; gives how long it took."""
    start = time.perf_counter()
    async with httpx2.AsyncClient(base_url=home.client.base_url, timeout=30) as client:
        for number, said in enumerate(posts):
            await asyncio.sleep(start + number * WITHIN_S / len(posts) - time.perf_counter())
            answer = await client.post(WEBHOOK, json=said, headers=headers)
            assert answer.status_code == 200
    return time.perf_counter() - start
