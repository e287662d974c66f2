"""The HTTP server of a laboratory source: uvicorn in the edge's own event loop."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.quiet_server import QuietServer
from schemas.plant.lab_source import LabHttp

MAX_CONNECTIONS = 2_000
STOP_WITHIN_S = 2
_BACKLOG = 2_048


class Serving:
    """A server that answers."""

    def __init__(self, task: "asyncio.Task[None]", address: tuple[str, int], scheme: str) -> None:
        self._task = task
        self.address = address
        host, port = address
        self.url = f"{scheme}://{host}:{port}"

    async def ended(self) -> None:
        """Return when it answers no longer."""
        await asyncio.shield(self._task)


@asynccontextmanager
async def serving(app: ASGIApp, http: LabHttp) -> AsyncIterator[Serving]:
    """Serve this application while the block runs.

    Raises:
        MisconfiguredError: the port or the certificate cannot be had.
    """
    server = QuietServer(_configuration(app, http))
    listener = _listener(http)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="laboratory interface")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)
        name = listener.getsockname()
        yield Serving(task, (name[0], name[1]), "https" if http.certificate else "http")
    finally:
        server.should_exit = True
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * STOP_WITHIN_S):
                await asyncio.wait({task})
        task.cancel()
        listener.close()


def _configuration(app: ASGIApp, http: LabHttp) -> uvicorn.Config:
    def file(name: str | None) -> str | None:
        return name and str(Path(name).expanduser())

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ssl_certfile=file(http.certificate),
        ssl_keyfile=file(http.private_key),
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise MisconfiguredError(
            f"certificate {http.certificate} or private_key {http.private_key} cannot be used: "
            f"{error}"
        ) from error
    return config


def _listener(http: LabHttp) -> socket.socket:
    family = socket.AF_INET6 if ":" in http.listen else socket.AF_INET
    try:
        return socket.create_server((http.listen, http.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise MisconfiguredError(
            f"port {http.port} on {http.listen} cannot be had ({error.strerror}): "
            "choose another `port` or `listen` for the lab source"
        ) from error
