"""What happens between an input and one of its peers, and what was seen of it."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ingest.input import GOOD, Missed, Observation, Sample, Unreadable
from ingest.inputs.registry import build_inputs
from ingest.metrics import SourceMetrics
from plantstream.runtime import clock
from tests.ingest.inputs.peers import LEVEL, NUMBER, ONE, TWO, Peer, plant_of
from tests.parts import eventually

LIMIT_S = 20.0
LOST_WITHIN_S = 15.0
SET_EVERY_S = 0.1
CLOSED_WITHIN_S = 3.0
FAR = 1_000
"""More numbers than a story sets."""
UNREACHABLE_S = 1.0
"""So long nobody is at the address: enough for a second attempt, 0.5 s after the first."""

_numbers = count(1)


class Hearing:
    """The input of a peer as the agent reads it, and everything that it gave."""

    def __init__(self, peer: Peer, *rules: Mapping[str, object]) -> None:
        self.seen: list[Observation] = []
        self._peer = peer
        self._registry = CollectorRegistry()
        one = build_inputs(plant_of(peer, *rules), SourceMetrics(self._registry))["line"]
        self.stream: Any = one.chunks(None)

    def metric(self, name: str) -> float:
        found = self._registry.get_sample_value(f"plantstream_source_{name}", {"source": "line"})
        assert found is not None
        return found

    def kinds(self, kind: type) -> list[Any]:
        return [one for one in self.seen if isinstance(one, kind)]

    def numbers(self, path: str) -> list[object]:
        """The good values of the number of this equipment."""
        return [one.value for one in self.samples(NUMBER, path) if one.quality == GOOD]

    def samples(self, tag: str, path: str = ONE) -> list[Sample]:
        return [one for one in self.kinds(Sample) if (one.equipment, one.tag) == (path, tag)]

    async def listen(self) -> None:
        """Take what it gives, until cancelled."""
        async for chunk in self.stream:
            self.seen += chunk.observations

    def is_level(self) -> bool:
        """Whether the level that a peer sets after its last number has come, too."""
        numbers, levels = self.samples(NUMBER), self.samples(LEVEL)
        return bool(levels) and levels[-1].value == numbers[-1].value + 0.5  # type: ignore[operator]

    async def flowing(self) -> float:
        """Set numbers until both machines tell one; gives how long that took, s."""
        return await flowing(self._peer, self.numbers)


async def flowing(peer: Peer, arrived: Callable[[str], Iterable[object]]) -> float:
    """Set numbers until one arrived of both machines; gives how long that took, s."""
    began = clock.monotonic()
    told: set[object] = set()
    async with asyncio.timeout(LIMIT_S):
        while not all(told.intersection(arrived(path)) for path in (ONE, TWO)):
            number = next(_numbers)
            await asyncio.to_thread(peer.set, number)
            told.add(number)
            with suppress(TimeoutError):
                await eventually(
                    lambda: all(told.issubset(arrived(path)) for path in (ONE, TWO)), SET_EVERY_S
                )
    return clock.monotonic() - began


@asynccontextmanager
async def hearing(peer: Peer, *rules: Mapping[str, object]) -> AsyncIterator[Hearing]:
    """The input runs as long as the block, under these alert rules."""
    heard = Hearing(peer, *rules)
    listening = asyncio.create_task(heard.listen())
    try:
        yield heard
    finally:
        listening.cancel()
        await asyncio.wait({listening})
    if not listening.cancelled():
        listening.result()


@dataclass(frozen=True)
class Calm:
    """The peer said a number, and more of them."""

    heard: Hearing
    began: datetime
    ended: datetime


async def calm(peer: Peer) -> Calm:
    """The peer is there and tells numbers."""
    began = clock.now()
    async with hearing(peer) as heard:
        for _ in range(4):
            await heard.flowing()
        await eventually(lambda: bool(heard.kinds(Unreadable)) and heard.is_level())
        return Calm(heard, began, clock.now())


async def beyond(peer: Peer) -> Sequence[object]:
    """The numbers of the second machine until one passed a limit, from when on chunks wait long."""
    limit = next(_numbers) + FAR
    rule = {"when": {"tag": NUMBER, "above": limit}, "on": {"ids": ["two"]}}
    rest = {"alert": "Beyond", "severity": "critical", "summary": "beyond"}
    async with hearing(peer, {**rule, **rest}) as heard:
        await heard.flowing()
        with pytest.MonkeyPatch.context() as patch:
            for module in ("backlog", "inputs.mqtt.input"):
                patch.setattr(f"ingest.{module}.CHUNK_WITHIN_S", 10 * LIMIT_S)
            await asyncio.to_thread(peer.set, limit + 1)
            await eventually(lambda: limit + 1 in heard.numbers(TWO), LIMIT_S)
        return heard.numbers(TWO)


@dataclass(frozen=True)
class Outage:
    """The peer went away and came back."""

    heard: Hearing
    began: datetime
    back: datetime
    took_s: float
    """From then to a new value of each machine."""
    connected: Sequence[float]
    """The meter before, during and after."""
    connects: Sequence[float]

    def gaps(self, path: str) -> list[tuple[datetime, datetime]]:
        """From when to when this equipment was missed; what is told in parts that touch is one."""
        found: list[tuple[datetime, datetime]] = []
        for one in self.heard.kinds(Missed):
            if one.equipment != path:
                continue
            touches = found and found[-1][1] == one.start
            start, _ = found.pop() if touches else (one.start, one.end)
            found.append((start, one.end))
        return found


async def outage(peer: Peer, how: signal.Signals) -> Outage:
    """Kill the peer or let it stand still, until the input knows; then let it go on."""
    async with hearing(peer) as heard:
        await heard.flowing()
        began, connected, connects = clock.now(), [], []

        def note() -> None:
            connected.append(heard.metric("connected"))
            connects.append(heard.metric("connects_total"))

        note()
        async with away(peer, how):
            await eventually(lambda: not heard.metric("connected"), LOST_WITHIN_S)
            note()
        back = clock.now()
        took_s = await heard.flowing()
        for _ in range(3):
            await heard.flowing()
        note()
        return Outage(heard, began, back, took_s, connected, connects)


@asynccontextmanager
async def away(peer: Peer, how: signal.Signals) -> AsyncIterator[None]:
    """The peer is killed or stands still as long as the block runs, and answers after it."""
    if how == signal.SIGKILL:
        peer.kill()
    else:
        peer.send(how)
    try:
        yield
    finally:
        if how == signal.SIGKILL:
            await asyncio.to_thread(peer.start)
        else:
            peer.send(signal.SIGCONT)


@dataclass(frozen=True)
class Unreachable:
    """Nobody was at the address, and then the peer was."""

    heard: Hearing
    before: Sequence[Observation]
    complaints: Sequence[Mapping[str, Any]]
    """Warnings and errors in the log while nobody was there, as far as they have a reason."""
    left: str
    """What an input left that was closed meanwhile."""
    took_s: float


async def unreachable(peer: Peer) -> Unreachable:
    """Read from where nobody is, until the peer appears."""
    with capture_logs() as logs:
        async with away(peer, signal.SIGKILL):
            left = await left_by(peer, lambda _: False, UNREACHABLE_S / 3)
            logs.clear()
            heard = Hearing(peer)
            listening = asyncio.create_task(heard.listen())
            # That nothing more is said takes time to see.
            await asyncio.wait({listening}, timeout=UNREACHABLE_S)
            before = list(heard.seen)
            complaints = [one for one in logs if one["log_level"] != "info" and "reason" in one]
        try:
            took_s = await heard.flowing()
        finally:
            listening.cancel()
            await asyncio.wait({listening})
    return Unreachable(heard, before, complaints, left, took_s)


@dataclass(frozen=True)
class Belongings:
    """What a closed input must not leave behind."""

    tasks: frozenset[str]
    threads: frozenset[str]
    sockets: frozenset[str]
    """And serial ports."""

    @classmethod
    def now(cls) -> "Belongings":
        # Threads of the loop's own pool stay, whoever used them.
        threads = {one.name for one in threading.enumerate()}
        tasks = {one.get_name() for one in asyncio.all_tasks()}
        pool = {one for one in threads if one.startswith("asyncio_")}
        return cls(frozenset(tasks), frozenset(threads - pool), frozenset(_open()))

    def but(self, before: "Belongings") -> str:
        """What is here and was not before; empty if nothing is."""
        more = (
            self.tasks - before.tasks,
            self.threads - before.threads,
            self.sockets - before.sockets,
        )
        return ", ".join(sorted(one for each in more for one in each))


def _open() -> set[str]:
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(one.readlink()))
    return {one for one in found if one.startswith(("socket:", "/dev/pts/"))}


async def left_by(peer: Peer, enough: Callable[[Hearing], bool], limit_s: float = LIMIT_S) -> str:
    """Close the input once it gave enough, or after the limit; gives what is left of it."""
    before = Belongings.now()
    heard = Hearing(peer)
    following = asyncio.create_task(anext(heard.stream))
    deadline = clock.monotonic() + limit_s
    while not enough(heard) and clock.monotonic() < deadline:
        done, _ = await asyncio.wait({following}, timeout=SET_EVERY_S)
        if done:
            heard.seen += following.result().observations
            following = asyncio.create_task(anext(heard.stream))
    following.cancel()
    await asyncio.wait({following})
    await heard.stream.aclose()
    with suppress(TimeoutError):
        await eventually(lambda: not Belongings.now().but(before), CLOSED_WITHIN_S)
    return Belongings.now().but(before)


async def left_after_values(peer: Peer) -> str:
    """What an input leaves that is closed while its peer tells numbers."""
    async with asyncio.TaskGroup() as group:
        left = group.create_task(left_by(peer, lambda heard: bool(heard.numbers(TWO))))
        while not left.done():
            await asyncio.to_thread(peer.set, next(_numbers))
            await asyncio.wait({left}, timeout=SET_EVERY_S)
    return left.result()
