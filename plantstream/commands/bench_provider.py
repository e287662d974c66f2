"""A provider of messages for benchmarks: it takes webhooks, and remembers when."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, web

from plantstream.runtime import clock

POST_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, when its request came."""

    at: datetime
    id: str
    why: str
    group: str
    decided_at: datetime
    total: int
    """Alerts of the group, of which not all are listed."""
    alerts: Sequence[dict[str, Any]]


@dataclass(slots=True)
class Provider:
    """All messages so far."""

    address: str = ""
    arrivals: list[Arrival] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Take one."""
        at = clock.now()
        said = json.loads(await request.read())
        self.arrivals.append(
            Arrival(
                at=at,
                id=said["id"],
                why=said["why"],
                group=said["group"],
                decided_at=datetime.fromisoformat(said["at"]),
                total=said["total"],
                alerts=tuple(said["alerts"]),
            )
        )
        return web.Response()

    async def posts(self, seconds: list[float]) -> None:
        """A reference: how long a plain post to it takes, time and again until cancelled."""
        async with ClientSession() as session:
            while True:
                started = clock.monotonic()
                async with session.post(f"{self.address}/plain", json={"at": started}) as answer:
                    await answer.read()
                seconds.append(clock.monotonic() - started)
                await asyncio.sleep(POST_EVERY_S)


async def _plain(request: web.Request) -> web.Response:
    json.loads(await request.read())
    return web.Response()


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """On loopback, at a port that the system chooses."""
    provider = Provider()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_post("/hook", provider.handle)
    app.router.add_post("/plain", _plain)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
