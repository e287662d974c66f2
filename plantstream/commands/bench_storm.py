"""A storm of alerts from Prometheus: how long until all of it is told, and what answers cost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import aiohttp

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.bench_page_plant import SITE, page_plant
from plantstream.commands.bench_provider import Arrival, Provider, providing
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack
    from schemas.plant.load import PlantFile

NEEDS = Needs.STACK
GROUPS, MEMBERS, TIMES = 10, 100, 10
"""1,000 alerts in 10 groups, each told 10 times."""
STORM_S = 5.0
INTERVAL = timedelta(seconds=5)
TOLD_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
SHARE = 0.99
_NOWHERE = "opc.tcp://127.0.0.1:1"
"""Nobody reads machines here."""


async def measure(stack: "Stack") -> list[Figure]:
    """Post the storm, look at a page meanwhile, and wait until every alert is told of.

    Raises:
        PlantstreamError: an alert is missing, or a group was told too often.
    """
    async with providing() as provider:
        await _start(stack, provider)
        storm = Storm(stack.pages, _token(stack))
        async with aiohttp.ClientSession() as session:
            at_rest_s = await storm.look(session, STORM_S / 5)
            await storm.warm_up(session, provider)
            begin = clock.monotonic()
            looking = asyncio.create_task(storm.look(session, STORM_S))
            await storm.rage(session)
            await _all_told(provider)
            took_s = clock.monotonic() - begin
            pages_s = await looking
        _must_be_calm(provider.arrivals)
    await _all_known(stack)
    return _figures(took_s, storm.posts_s, pages_s, at_rest_s)


async def _start(stack: "Stack", provider: Provider) -> None:
    file = stack.data_dir / "bench.yaml"
    interval = f"{INTERVAL.seconds}s"
    plant = page_plant(_NOWHERE, _NOWHERE, provider.address, "alertname", interval)
    await asyncio.to_thread(file.write_text, plant.text)
    await _publish(stack, plant)
    await stack.start_notify(file)


async def _publish(stack: "Stack", plant: "PlantFile") -> None:
    """As an edge would, of which there is none here."""
    from plantstream.runtime.kafka.broker import KafkaBroker
    from plantstream.runtime.ports import Outgoing
    from schemas.codec import encode
    from schemas.model import PlantPublished
    from schemas.topics import MODEL

    published = PlantPublished(
        site=SITE,
        plant_version=plant.version,
        file=plant.file,
        text=plant.text,
        published_at=clock.now(),
    )
    async with KafkaBroker(stack.kafka) as broker:
        await broker.send([Outgoing(MODEL.name, 0, SITE.encode(), encode(published))])


def _token(stack: "Stack") -> str:
    from plantstream.runtime.tokens import TokenFile
    from sinks.notify.web.office import SENDERS, SENDERS_FILE

    return TokenFile(stack.data_dir / SENDERS_FILE, SENDERS).add("bench", clock.now())


@dataclass(slots=True)
class Storm:
    """Who posts, and how long each answer took."""

    pages: str
    token: str
    posts_s: list[float] = field(default_factory=list)

    async def warm_up(self, session: aiohttp.ClientSession, provider: Provider) -> None:
        """One alert of its own, all the way."""
        await self._post(session, [_alert("Warm", 0, clock.now())])
        started = clock.monotonic()
        while not provider.arrivals:
            await asyncio.sleep(LOOK_EVERY_S)
            if clock.monotonic() - started > TOLD_WITHIN_S:
                raise PlantstreamError("no message arrived: look at the logs of the services")
        self.posts_s.clear()

    async def rage(self, session: aiohttp.ClientSession) -> None:
        """Every alert so many times, spread over the storm."""
        begin, at = clock.monotonic(), clock.now()
        posts = [
            [_alert(f"Storm{group}", member, at) for member in range(MEMBERS)]
            for _ in range(TIMES)
            for group in range(GROUPS)
        ]
        async with asyncio.TaskGroup() as posting:
            for number, post in enumerate(posts):
                due = begin + number * STORM_S / len(posts)
                await asyncio.sleep(max(0.0, due - clock.monotonic()))
                posting.create_task(self._post(session, post))

    async def look(self, session: aiohttp.ClientSession, seconds: float) -> list[float]:
        """Open a page again and again; a link that counts for nothing is looked at as well."""
        found: list[float] = []
        end = clock.monotonic() + seconds
        while clock.monotonic() < end:
            started = clock.monotonic()
            async with session.get(f"{self.pages}/robots.txt") as answer:
                await answer.read()
            found.append(clock.monotonic() - started)
            await asyncio.sleep(LOOK_EVERY_S)
        return found

    async def _post(self, session: aiohttp.ClientSession, alerts: list[dict[str, Any]]) -> None:
        started = clock.monotonic()
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.pages}/api/v2/alerts"
        async with session.post(url, json=alerts, headers=headers) as answer:
            text = await answer.text()
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise PlantstreamError(f"{url} answered {answer.status}: {text[:200]}")
        self.posts_s.append(clock.monotonic() - started)


def _alert(name: str, member: int, at: datetime) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "instance": f"host-{member}", "severity": "critical"},
        "annotations": {"summary": f"{name} of host-{member}"},
        "startsAt": at.isoformat(),
        "generatorURL": "http://127.0.0.1/graph",
    }


async def _all_told(provider: Provider) -> None:
    """Wait until the newest message of each group counts all of its alerts."""
    started = clock.monotonic()
    while True:
        newest = {one.group: one.total for one in provider.arrivals if _is_storm(one)}
        if len(newest) == GROUPS and set(newest.values()) == {MEMBERS}:
            return
        if clock.monotonic() - started > TOLD_WITHIN_S:
            raise PlantstreamError(f"not all were told: {newest}")
        await asyncio.sleep(LOOK_EVERY_S)


def _is_storm(one: Arrival) -> bool:
    return any(alert["labels"]["alertname"].startswith("Storm") for alert in one.alerts)


def _must_be_calm(arrivals: Sequence[Arrival]) -> None:
    """At most one message per group and interval."""
    groups = {one.group for one in arrivals}
    for group in groups:
        times = sorted(one.decided_at for one in arrivals if one.group == group)
        for before, after in pairwise(times):
            if after - before < INTERVAL:
                raise PlantstreamError(f"{group} was told at {before} and again at {after}")
    messages.print(f"{len(arrivals) - 1} messages to {len(groups) - 1} groups")


async def _all_known(stack: "Stack") -> None:
    """Every alert fires by what stands in plant.alert.latest.v1."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.codec import decode
    from schemas.topics import ALERT_LATEST

    firing = set()
    async for record in read_partitions(stack.kafka, ALERT_LATEST.name, [0]):
        status = decode(ALERT_LATEST, record.value)
        if status.site == SITE and status.alert.state == "firing":
            firing.add(status.fingerprint)
    if len(firing) != GROUPS * MEMBERS + 1:
        raise PlantstreamError(f"{len(firing) - 1} of {GROUPS * MEMBERS} alerts are known")


def _figures(
    took_s: float, posts_s: Sequence[float], pages_s: Sequence[float], at_rest_s: Sequence[float]
) -> list[Figure]:
    posts_ms = 1000 * percentile(posts_s, SHARE)
    pages_ms = 1000 * percentile(pages_s, SHARE)
    rest_ms = 1000 * percentile(at_rest_s, SHARE)
    messages.print(
        f"{GROUPS * MEMBERS * TIMES:,} alerts in {len(posts_s)} posts, all told of after "
        f"{took_s:.2f} s; answers to posts of {MEMBERS}: p99 {posts_ms:.0f} ms; to small "
        f"requests: p99 {pages_ms:.0f} ms, at rest {rest_ms:.0f} ms"
    )
    return [
        Figure("storm_s", took_s, STORM_S),
        Figure("storm_api_p99_ms", max(posts_ms, pages_ms), rest_ms),
    ]
