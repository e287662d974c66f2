"""What every service does beside its work: health, metrics, logs, an orderly stop, an exit code."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from plantstream.runtime.errors import (
    EXIT_FAILED,
    EXIT_MISCONFIGURED,
    MisconfiguredError,
    PlantstreamError,
    UnavailableError,
)
from plantstream.runtime.http_guard import guarded, is_loopback, must_be_guarded
from plantstream.runtime.http_metrics import HttpMetrics
from plantstream.runtime.logs import configure_logs, get_logger
from plantstream.runtime.places import default_data_dir
from plantstream.runtime.quiet_server import QuietServer
from plantstream.runtime.settings import LogSettings, WatchdogSettings, environment
from plantstream.runtime.traced import start_tracing
from plantstream.runtime.tracing import Tracing
from plantstream.runtime.watchdog import Watchdog

MAX_CONNECTIONS = 200
"""To the pages; those beyond are answered with 503."""
STOP_LIMIT_S = 8.0
CLOSE_LIMIT_S = 2.0
"""For answers of the health server that are on their way."""

log = get_logger()


class Service:
    """One process: its name, its metrics, and whether it is ready or told to stop.

    `slot` names it among services of the same name on one machine, over restarts.
    """

    def __init__(self, name: str, slot: str = "0") -> None:
        self.name = name
        self.registry = CollectorRegistry()
        with environment("PLANTSTREAM_WATCHDOG_"):
            file = default_data_dir() / "watchdog" / f"{name}-{slot}.json"
            self.watchdog = Watchdog(name, file, self.registry, WatchdogSettings())
        self.tracing: Tracing = start_tracing(name)
        self.gave_up: str | None = None
        """Why it ends by itself."""
        self.http = HttpMetrics(self.registry)
        """Of this service's pages, and of any interface that it has beside them."""
        self.ready = False
        self.stopping = asyncio.Event()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def is_ready(self) -> None:
        """Say that the work goes on."""
        if not self.ready:
            log.info("ready", service=self.name)
        self.ready = True

    def give_up(self, reason: str) -> None:
        """Stop in the time of any stop, with an exit code that has a supervisor start it anew."""
        self.gave_up = reason
        self.stopping.set()

    async def until_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this until it ends or the service is told to stop; then it is cancelled."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working


Work = Callable[[Service], Awaitable[None]]


def run_service(name: str, work: Work, listen: str, port: int, token: str | None = None) -> int:
    """Run a service until its work ends or a signal stops it; the exit code says why it ended.

    The token guards its pages where others than this machine reach them.
    """
    try:
        with environment("PLANTSTREAM_LOG_"):
            configure_logs(LogSettings())
        must_be_guarded(listen, token)
        asyncio.run(_run(name, work, listen, port, token))
    except MisconfiguredError as error:
        log.error("cannot run", service=name, reason=str(error))  # noqa: TRY400 - the reason says it
        return EXIT_MISCONFIGURED
    except PlantstreamError as error:
        log.error("ended", service=name, reason=str(error))  # noqa: TRY400
        return EXIT_FAILED
    except Exception:
        log.exception("ended by an unknown failure", service=name)
        return EXIT_FAILED
    return 0


def health_routes(service: Service) -> list[Route]:
    """`/live`, `/ready` and `/metrics`."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("live\n")

    async def ready(_: Request) -> Response:
        if service.ready:
            return PlainTextResponse("ready\n")
        return PlainTextResponse("starting\n", status_code=503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(service.registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/live", live), Route("/ready", ready), Route("/metrics", metrics)]


async def _run(name: str, work: Work, listen: str, port: int, token: str | None) -> None:
    service = Service(name, str(port))
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, service.stopping.set)
    pages = _pages(service, listen, token)
    async with _serving(service, pages, _listening(listen, port)):
        await _working(service, work)


@asynccontextmanager
async def _serving(
    service: Service, pages: ASGIApp, listening: socket.socket
) -> AsyncIterator[None]:
    """Answer on our pages, see that the event loop turns, and at the end tell the last spans."""
    config = uvicorn.Config(
        service.http.measured(pages, service.name),
        log_config=None,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
    )
    server = QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    turning = service.watchdog.watch_loop()
    try:
        yield
    finally:
        service.ready = False
        turning.stop()
        server.should_exit = True
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await serving
        await service.tracing.close()


async def _working(service: Service, work: Work) -> None:
    working = asyncio.ensure_future(work(service))
    stopping = asyncio.create_task(service.stopping.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=STOP_LIMIT_S)
        if not working.done():
            log.warning(
                "did not stop in time",
                service=service.name,
                limit_s=STOP_LIMIT_S,
                reason=service.gave_up,
            )
            os._exit(EXIT_FAILED)
        working.result()
    finally:
        stopping.cancel()
    if service.gave_up is not None:
        raise UnavailableError(service.gave_up)


def _pages(service: Service, listen: str, token: str | None) -> ASGIApp:
    pages = Starlette(routes=health_routes(service))
    return pages if token is None or is_loopback(listen) else guarded(pages, token)


def _listening(listen: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in listen else socket.AF_INET
        listening = socket.create_server((listen, port), family=family)
    except OSError as error:
        raise MisconfiguredError(
            f"port {port} on {listen} cannot be had ({error.strerror}); "
            "choose another with --port, or another address with --listen"
        ) from error
    # Accepted sockets inherit it: without it each answer on a kept connection waits 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
