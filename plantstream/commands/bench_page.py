"""How long a value beyond its limit takes to a provider's door, with other traffic beside it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from plantstream.commands.bench_figure import Figure, Needs, percentile
from plantstream.commands.bench_page_plant import BOILERS, HOT, STEADY, nodes, page_plant
from plantstream.commands.bench_page_stages import Name, tell_stages
from plantstream.commands.bench_provider import Arrival, Provider, providing
from plantstream.commands.bench_tags import node, served
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError
from plantstream.simulator.playback import PlaybackServer, Shown

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack

NEEDS = Needs.STACK
PERIOD = timedelta(milliseconds=200)
"""Of a thousand other tags: 5,000 samples a second."""
PAGES = 200
BETWEEN_S = 0.25
WAITING = BOILERS[:20]
"""Boilers whose pressure is high for longer than 30 s."""
FOR_S = 30.0
WARM_WITHIN_S = 90.0
SETTLED_WITHIN_S = 20.0
LOOK_EVERY_S = 0.1
SHARE = 0.99
_GOOD = 0


async def measure(stack: "Stack") -> list[Figure]:
    """Let boilers get hot one after the other, and see when the provider is told.

    Raises:
        PlantstreamError: a page is missing.
    """
    server = PlaybackServer(nodes())
    async with providing() as provider, served(PERIOD) as traffic:
        await server.start()
        try:
            file = stack.data_dir / "bench.yaml"
            plant = page_plant(traffic, server.endpoint, provider.address)
            await asyncio.to_thread(file.write_text, plant.text)
            await stack.start_notify(file)
            await stack.start_service("ingest", "--plant", str(file))
            field = Boilers(server)
            await field.warm_up(provider)
            async with _listening(server.endpoint) as stopwatch:
                shown = await field.get_hot()
                await _all_told(provider, shown)
        finally:
            await server.close()
    told = first_told(provider.arrivals)
    await tell_stages(stack.kafka, {one: at for one, at in told.items() if one in shown})
    return _figures(provider.arrivals, shown, stopwatch.late_s)


@dataclass(slots=True)
class Boilers:
    """What is shown at the server, and when."""

    server: PlaybackServer
    shown: set[Name] = field(default_factory=set)

    async def warm_up(self, provider: Provider) -> None:
        """Begin cold, and get hot once, so that nothing is measured that starts."""
        for boiler in BOILERS:
            await self._show(boiler, HOT, 20.0)
            await self._show(boiler, STEADY, 1.0)
        started, turn = clock.monotonic(), 0
        while not provider.arrivals:
            turn += 1
            await self._show(BOILERS[-1], HOT, 90.0 if turn % 2 else 20.0)
            await asyncio.sleep(1)
            if clock.monotonic() - started > WARM_WITHIN_S:
                raise PlantstreamError("no page arrived: look at the logs of the services")
        await self._show(BOILERS[-1], HOT, 20.0)
        await asyncio.sleep(SETTLED_WITHIN_S / 4)

    async def get_hot(self) -> set[Name]:
        """Each boiler in its turn, for half a round; pressures are high all along."""
        begin = clock.monotonic()
        for turn in range(PAGES):
            boiler, other = BOILERS[turn % len(BOILERS)], BOILERS[turn % len(BOILERS) - 50]
            self.shown.add(("Hot", boiler, await self._show(boiler, HOT, 90.0)))
            await self._show(other, HOT, 20.0)
            if turn < len(WAITING):
                self.shown.add(("Steady", boiler, await self._show(boiler, STEADY, 6.0)))
            await asyncio.sleep(max(0.0, begin + (turn + 1) * BETWEEN_S - clock.monotonic()))
        return self.shown

    async def _show(self, boiler: str, tag: str, value: float) -> datetime:
        now = clock.now()
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        await self.server.show(Shown(node(boiler, tag), value, _GOOD, at))
        return at


async def _all_told(provider: Provider, shown: set[Name]) -> None:
    """Wait for every page."""
    started = clock.monotonic()
    while missing := shown - first_told(provider.arrivals).keys():
        if clock.monotonic() - started > FOR_S + SETTLED_WITHIN_S:
            raise PlantstreamError(f"{len(missing)} pages are missing, such as {min(missing)}")
        await asyncio.sleep(LOOK_EVERY_S)


def first_told(arrivals: Sequence[Arrival]) -> dict[Name, datetime]:
    """When the provider was first told of each alert that fires."""
    found: dict[Name, datetime] = {}
    for arrival in arrivals:
        for one in arrival.alerts:
            labels = one["labels"]
            since = datetime.fromisoformat(one["starts_at"])
            if one["state"] == "firing":
                found.setdefault((labels["alertname"], labels["equipment"], since), arrival.at)
    return found


def _figures(
    arrivals: Sequence[Arrival], shown: set[Name], bare_s: Sequence[float]
) -> list[Figure]:
    told = first_told(arrivals)
    taken = {one: (told[one] - one[2]).total_seconds() for one in shown}
    at_once_ms = [1000 * seconds for (alert, _, _), seconds in taken.items() if alert == "Hot"]
    waited_ms = [1000 * seconds for (alert, _, _), seconds in taken.items() if alert == "Steady"]
    bare_ms = [1000 * seconds for seconds in bare_s]
    median, p99 = percentile(at_once_ms, 0.5), percentile(at_once_ms, SHARE)
    messages.print(
        f"{len(at_once_ms)} pages beside 5,000 samples/s: median {median:.0f} ms, p99 {p99:.0f} "
        f"ms, worst {max(at_once_ms):.0f} ms; asyncua alone: median "
        f"{percentile(bare_ms, 0.5):.0f} ms, p99 {percentile(bare_ms, SHARE):.0f} ms"
    )
    return [
        Figure("page_p99_ms", p99, percentile(bare_ms, SHARE)),
        Figure("page_p50_ms", median, percentile(bare_ms, 0.5)),
        Figure("page_for30_p99_ms", percentile(waited_ms, SHARE), 1000 * FOR_S),
    ]


@dataclass(slots=True)
class _Stopwatch:
    """asyncua calls it for every change."""

    late_s: list[float] = field(default_factory=list)
    begun: bool = False

    def datachange_notification(self, _node: object, _value: object, data: Any) -> None:
        at = data.monitored_item.Value.SourceTimestamp
        if self.begun and at is not None:
            now = clock.now().replace(tzinfo=None)
            self.late_s.append((now - at.replace(tzinfo=None)).total_seconds())


@asynccontextmanager
async def _listening(endpoint: str) -> AsyncIterator[_Stopwatch]:
    """The reference beside it: asyncua alone at the boilers' server, until the handler's call."""
    from asyncua.client.client import Client

    from plantstream.simulator.playback import NAMESPACE

    stopwatch = _Stopwatch()
    async with Client(endpoint) as client:
        index = await client.get_namespace_index(NAMESPACE)
        found = [client.get_node(f"ns={index};s={name}") for name in nodes()]
        subscription = await client.create_subscription(50, stopwatch)
        await subscription.subscribe_data_change(found, queuesize=100)
        await asyncio.sleep(1)
        stopwatch.begun = True
        yield stopwatch
        await subscription.delete()
