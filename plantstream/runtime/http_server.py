"""An HTTP interface for people and programs: uvicorn in the service's own event loop."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.quiet_server import QuietServer

MAX_CONNECTIONS = 2_000
STOP_WITHIN_S = 2
_BACKLOG = 2_048


CLIENT_NAME = "client_name"
"""Key of a request's `state`: the common name of the client's certificate, if it has shown one."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where an interface listens, and how it proves who it is."""

    listen: str
    port: int
    """0: the system chooses one."""
    certificate: str | None = None
    private_key: str | None = None
    client_ca: str | None = None
    """File of the authorities (PEM) that clients may show a certificate of; none need to."""
    owner: str = "the interface"
    """Whose settings a person has to change, for messages."""


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
async def serving(app: ASGIApp, at: Listening) -> AsyncIterator[Serving]:
    """Serve this application while the block runs.

    Raises:
        MisconfiguredError: the port or the certificate cannot be had.
    """
    server = QuietServer(_configuration(app, at))
    listener = _listener(at)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http interface")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)
        name = listener.getsockname()
        yield Serving(task, (name[0], name[1]), "https" if at.certificate else "http")
    finally:
        server.should_exit = True
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * STOP_WITHIN_S):
                await asyncio.wait({task})
        task.cancel()
        listener.close()


class _NamingClients(H11Protocol):
    """Tells the application whose certificate a connection has shown; TLS has verified it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        name = _common_name(transport.get_extra_info("peercert") or {})
        self.app_state = {**self.app_state, CLIENT_NAME: name}


def _common_name(certificate: dict[str, Any]) -> str | None:
    parts = [part for group in certificate.get("subject", ()) for part in group]
    return next((value for name, value in parts if name == "commonName"), None)


def _configuration(app: ASGIApp, at: Listening) -> uvicorn.Config:
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
        ssl_certfile=file(at.certificate),
        ssl_keyfile=file(at.private_key),
        ssl_ca_certs=file(at.client_ca),
        ssl_cert_reqs=ssl.CERT_OPTIONAL if at.client_ca else ssl.CERT_NONE,
        http=_NamingClients,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise MisconfiguredError(
            f"certificate {at.certificate} or private_key {at.private_key} of {at.owner} "
            f"cannot be used: {error}"
        ) from error
    return config


def _listener(at: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.listen else socket.AF_INET
    try:
        listener = socket.create_server((at.listen, at.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise MisconfiguredError(
            f"port {at.port} on {at.listen} cannot be had ({error.strerror}): "
            f"choose another `port` or `listen` for {at.owner}"
        ) from error
    # asyncio does this for sockets that name their protocol, and these do not: without it head
    # and body of an answer wait 40 ms for each other.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
