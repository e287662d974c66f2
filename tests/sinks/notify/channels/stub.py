"""An HTTP provider that says what a test wants, and remembers what it was told."""

import asyncio
import threading
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from plantstream.embedded.checks import HOST

CUT, HANG = "cut", "hang"


@dataclass
class Stub:
    """`says` holds the next answers: status, body and headers; or CUT, or HANG."""

    address: str = ""
    says: deque = field(default_factory=deque)
    default: Any = (200, "ok", {})
    """What it says besides: an answer, or what gives one."""
    heard: list = field(default_factory=list)
    """Path, headers and body."""

    def forms(self):
        """What forms were posted, as dicts."""
        return [dict(parse_qsl(body.decode())) for _, _, body in self.heard]

    async def handle(self, request):
        self.heard.append((request.path, dict(request.headers), await request.read()))
        said = self.says.popleft() if self.says else self.default
        if callable(said):
            said = said()
        if said == CUT:
            request.transport.abort()
            return web.Response()
        if said == HANG:
            await asyncio.sleep(60)
        status, body, headers = said
        return web.Response(status=status, text=body, headers=headers)


@asynccontextmanager
async def stub():
    """A running one."""
    made = Stub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    try:
        made.address = f"http://{HOST}:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()


@contextmanager
def stubbed():
    """The same in a thread of its own, for code that has its own event loop."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    made = []
    stop = asyncio.Event()

    async def serve():
        async with stub() as one:
            made.append(one)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
