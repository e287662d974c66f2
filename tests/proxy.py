"""A network that tests can harm: it passes bytes on, until it is told not to."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Flag, auto

from plantstream.embedded.checks import HOST

_CHUNK_BYTES = 16_384
_QUEUED_CHUNKS = 64
"""On their way in one direction; whoever sends more has to wait, as on a real line."""


class Way(Flag):
    """Directions of a connection, as the client sees them."""

    UP = auto()
    DOWN = auto()
    BOTH = UP | DOWN


@dataclass(frozen=True, slots=True)
class Delay:
    """How long bytes are on their way: log-normal, so that few take much longer than most."""

    median_s: float = 0.002
    sigma: float = 1.0
    longest_s: float = 0.25

    def drawn(self, chance: random.Random) -> float:
        return min(self.median_s * chance.lognormvariate(0, self.sigma), self.longest_s)


class Proxy:
    """Passes connections to its port on to another one; a seed decides how long bytes take."""

    def __init__(self, target_port: int, seed: int = 0, delay: Delay | None = None) -> None:
        self.port = 0
        self.connections = 0
        """Taken so far."""
        self.cuts = 0
        """Connections that were ended while both sides wanted to go on."""
        self.lost_bytes = 0
        """Taken from one side, and never given to the other."""
        self._target_port = target_port
        self._chance = random.Random(seed)
        self._delay = delay
        self._left: int | None = None
        self._swallowed = Way(0)
        self._server: asyncio.Server | None = None
        self._running: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Connections that are open now."""
        return len(self._running)

    def slow_down(self, delay: Delay | None) -> None:
        """What comes from now on is so long on its way."""
        self._delay = delay

    def drop(self) -> None:
        """End all connections; new ones get through."""
        for one in list(self._running):
            self._cut(one)

    def swallow(self, way: Way) -> None:
        """Half-open: take everything and give nothing on, in these directions, until `mend`."""
        self._swallowed = way

    def cut_after(self, number: int) -> None:
        """End the connection that carries the last of so many bytes, wherever that is."""
        self._left = number

    def mend(self) -> None:
        """Do no more harm; what was swallowed is gone, so its connections are ended."""
        if self._swallowed:
            self._swallowed = Way(0)
            self.drop()
        self._left = None

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """All connections are ended, and new ones are refused as long as the block runs."""
        self.drop()
        await self.close()
        try:
            yield
        finally:
            await self.open(self.port)

    async def open(self, port: int = 0) -> None:
        """Listen at this port, or at one that is free."""
        self._server = await asyncio.start_server(self._take, HOST, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until it ends."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
        except OSError:
            writer.transport.abort()
            self._tasks.discard(task)
            return
        connection = _Connection(task)
        self._running.add(connection)
        try:
            await self._pass(connection, (reader, writer), (far_reader, far_writer))
        except asyncio.CancelledError:
            pass
        finally:
            self._running.discard(connection)
            self._tasks.discard(task)
            self.lost_bytes += connection.under_way
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass(self, connection: "_Connection", near: "_End", far: "_End") -> None:
        up, down = _queue(), _queue()
        jobs = [
            asyncio.create_task(self._read(connection, near[0], up)),
            asyncio.create_task(self._read(connection, far[0], down)),
            asyncio.create_task(self._give(connection, Way.UP, up, far[1])),
            asyncio.create_task(self._give(connection, Way.DOWN, down, near[1])),
        ]
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _read(
        self, connection: "_Connection", reader: asyncio.StreamReader, queue: "_Queue"
    ) -> None:
        due, loop = 0.0, asyncio.get_running_loop()
        while data := await reader.read(_CHUNK_BYTES):
            connection.under_way += len(data)
            delay = self._delay.drawn(self._chance) if self._delay else 0.0
            due = max(due, loop.time() + delay)
            await queue.put((due, data))
        await queue.join()

    async def _give(
        self,
        connection: "_Connection",
        way: Way,
        queue: "_Queue",
        writer: asyncio.StreamWriter,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            connection.under_way -= len(data)
            if way in self._swallowed:
                self.lost_bytes += len(data)
            else:
                await self._write(connection, writer, data)
            queue.task_done()

    async def _write(
        self, connection: "_Connection", writer: asyncio.StreamWriter, data: bytes
    ) -> None:
        if self._left is None or len(data) < self._left:
            if self._left is not None:
                self._left -= len(data)
            writer.write(data)
            await writer.drain()
            return
        first, self._left = self._left, None
        writer.write(data[:first])
        await writer.drain()
        self.lost_bytes += len(data) - first
        self._cut(connection)

    def _cut(self, connection: "_Connection") -> None:
        self.cuts += 1
        self._running.discard(connection)
        connection.task.cancel()


@dataclass(eq=False)
class _Connection:
    """Who serves it, and the bytes that are between its two sockets."""

    task: "asyncio.Task[None]"
    under_way: int = 0


_End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_Queue = asyncio.Queue[tuple[float, bytes]]


def _queue() -> _Queue:
    return asyncio.Queue(_QUEUED_CHUNKS)


@asynccontextmanager
async def proxying(
    target_port: int, seed: int = 0, delay: Delay | None = None, port: int = 0
) -> AsyncIterator[Proxy]:
    """A proxy before this port, on a port of its own."""
    proxy = Proxy(target_port, seed, delay)
    await proxy.open(port)
    try:
        yield proxy
    finally:
        await proxy.close()
