"""Keeps programs running: started until ready, restarted when they die, stopped in order."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from plantstream.embedded import checks, child, lock
from plantstream.embedded.endpoints import (
    Endpoints,
    PartEndpoint,
    remove_endpoints,
    write_endpoints,
)
from plantstream.embedded.errors import PartFailedError, RefusedError
from plantstream.embedded.part import Happening, Part, PartEvent
from plantstream.embedded.restart import RestartPolicy, restart_delay_s
from plantstream.runtime.logs import get_logger

BETWEEN_PROBES_S = 0.05
DEFAULT_POLICY = RestartPolicy()
BETWEEN_LOG_CHECKS_S = 10.0

Report = Callable[[PartEvent], None]


@dataclass
class _Kept:
    """A part, its process, and the task that watches it."""

    part: Part
    log: Path
    process: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None
    deaths: list[float] = field(default_factory=list)


def log_event(event: PartEvent) -> None:
    """The default report: one structured line."""
    get_logger(__name__).info(
        "part", part=event.name, event_kind=event.happening.value, detail=event.detail
    )


class Supervisor:
    """Runs parts out of one data directory, which it locks.

    Use as `async with Supervisor(data_dir) as s: await s.start(part); await s.wait()`. Leaving
    the block stops all parts, the last started first. No part outlives the thread that runs
    the event loop, not even when the process is killed.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        policy: RestartPolicy = DEFAULT_POLICY,
        report: Report = log_event,
    ) -> None:
        self.data_dir = data_dir
        self._policy = policy
        self._report = report
        self._kept: dict[str, _Kept] = {}

    async def __aenter__(self) -> Self:
        checks.require_usable_dir(self.data_dir)
        self._lock = await lock.acquire(self.data_dir)
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._log_task = asyncio.create_task(self._bound_logs())
        remove_endpoints(self.data_dir)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._log_task.cancel()
            for name in reversed(tuple(self._kept)):
                await self.stop(name)
        finally:
            await self._kill_rest()
            remove_endpoints(self.data_dir)
            self._lock.release()

    async def start(self, part: Part) -> None:
        """Start a part and wait until it is ready, or raise PartFailedError with its last words."""
        if part.name in self._kept:
            raise RefusedError(f"Part {part.name} runs already: give each part its own name.")
        for port in part.ports:
            await checks.require_free_port(port)
        log = part.log or self.data_dir / "logs" / f"{part.name}.log"
        kept = self._kept[part.name] = _Kept(part, log)
        try:
            await self._launch(kept)
        except BaseException:
            self._kept.pop(part.name, None)
            raise
        kept.task = asyncio.create_task(self._keep(kept), name=f"keep {part.name}")
        kept.task.add_done_callback(self._note_end)

    async def stop(self, name: str) -> None:
        """Stop one part: asked first, killed after its `stop_s`."""
        kept = self._kept[name]
        if kept.task:
            kept.task.cancel()
            await asyncio.wait({kept.task})
        if kept.process:
            await child.end(kept.process, kept.part.stop_s)
        self._kept.pop(name, None)
        self._report(PartEvent(name, Happening.STOPPED))

    async def wait(self) -> None:
        """Return never; raise PartFailedError when a part died too often, or be cancelled."""
        await asyncio.shield(self._failure)

    def pids(self) -> dict[str, int]:
        """The process of each part that runs now."""
        return {
            name: kept.process.pid
            for name, kept in self._kept.items()
            if kept.process and kept.process.returncode is None
        }

    async def _launch(self, kept: _Kept) -> None:
        part = kept.part
        child.rotate_log(kept.log)
        kept.process = await child.spawn(part.argv, kept.log, part.env, part.cwd)
        try:
            await self._until_ready(part, kept.process, kept.log)
            self._publish()
            ready = PartEvent(part.name, Happening.READY, f"log {kept.log}", kept.process.pid)
            self._report(ready)
        except BaseException:
            await child.end(kept.process, part.stop_s)
            raise

    async def _until_ready(
        self, part: Part, process: asyncio.subprocess.Process, log: Path
    ) -> None:
        died = asyncio.create_task(process.wait())
        ready = asyncio.create_task(_until(part))
        try:
            await asyncio.wait(
                {died, ready}, timeout=part.ready_s, return_when=asyncio.FIRST_COMPLETED
            )
            if ready.done() and process.returncode is None:
                return await ready
            raise _failed(part, log, process.returncode)
        finally:
            died.cancel()
            ready.cancel()
            await asyncio.gather(died, ready, return_exceptions=True)

    async def _keep(self, kept: _Kept) -> None:
        while kept.process and not self._failure.done():
            code = await kept.process.wait()
            error = _failed(kept.part, kept.log, code)
            self._report(PartEvent(kept.part.name, Happening.DIED, str(error)))
            await self._revive(kept, error)

    async def _revive(self, kept: _Kept, error: PartFailedError) -> None:
        loop = asyncio.get_running_loop()
        while True:
            kept.deaths = [*kept.deaths[-self._policy.limit :], loop.time()]
            delay_s = restart_delay_s(kept.deaths, loop.time(), self._policy)
            if delay_s is None:
                self._give_up(kept.part, error)
            await asyncio.sleep(delay_s)
            self._report(PartEvent(kept.part.name, Happening.RESTARTING))
            try:
                return await self._launch(kept)
            except PartFailedError as again:
                error = again

    def _give_up(self, part: Part, error: PartFailedError) -> NoReturn:
        self._report(PartEvent(part.name, Happening.GAVE_UP, str(error)))
        raise error

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """A part whose watch has ended, for whatever reason, ends the supervisor."""
        error = None if task.cancelled() else task.exception()
        if error and not self._failure.done():
            self._failure.set_exception(error)
            self._failure.exception()  # it counts as seen even when nobody waits

    def _publish(self) -> None:
        parts = {
            name: PartEndpoint(pid, self._kept[name].part.endpoint)
            for name, pid in self.pids().items()
        }
        write_endpoints(self.data_dir, Endpoints(os.getpid(), self._lock.since, parts))

    async def _kill_rest(self) -> None:
        for kept in tuple(self._kept.values()):
            if kept.task:
                kept.task.cancel()
            if kept.process:
                await child.end(kept.process, stop_s=0)
        self._kept.clear()

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_LOG_CHECKS_S)
            for kept in self._kept.values():
                child.bound_log(kept.log, kept.part.log_limit_bytes)


async def _until(part: Part) -> None:
    while True:
        if await part.ready():
            return
        await asyncio.sleep(BETWEEN_PROBES_S)


def _failed(part: Part, log: Path, code: int | None) -> PartFailedError:
    what = (
        f"was not ready within {part.ready_s:g} s"
        if code is None
        else f"ended by itself with exit code {code}"
    )
    return PartFailedError(f"Part {part.name} {what}: see {log}.", child.log_tail(log))
