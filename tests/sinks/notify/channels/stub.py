"""An HTTP provider that says what a test wants, and remembers what it was told."""

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from plantstream.embedded.checks import HOST

CUT, HANG = "cut", "hang"


@dataclass
class Stub:
    """`says` holds the next answers: status, body and headers; or CUT, or HANG."""

    address: str = ""
    says: deque = field(default_factory=deque)
    default: tuple = (200, "ok", {})
    heard: list = field(default_factory=list)
    """Path, headers and body."""

    async def handle(self, request):
        self.heard.append((request.path, dict(request.headers), await request.read()))
        said = self.says.popleft() if self.says else self.default
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
