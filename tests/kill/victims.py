"""Which process is killed, where it holds then, and in which pass: a seed decides."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.integration.line import Line, Running
from tests.parts import free_port

Service = Literal["process", "sink"]
Victim = Service | Literal["publisher"]

FIRST, SECOND = "0", "1"
"""Slots."""

PUBLISHER_TURNS = ((2, 10), (1, 5), (1, 5))
"""From and to, for each kill. The first batch is the plant file, which is no event; a replay has
180 batches when nothing waits, and at least 13."""
FIRST_TURNS: dict[Service, int] = {"process": 30, "sink": 15}
LATER_TURNS = 2
"""What waited during the restart comes in few large batches."""
POINTS: dict[Service, tuple[str, ...]] = {
    "process": ("oee.applied", "oee.committed"),
    "sink": ("sink.read", "sink.copied"),
}


def faults(victim: Victim, seed: int) -> list[str]:
    """`name@turn` for each kill, one after the other."""
    chance = random.Random(f"{victim} {seed}")
    if victim == "publisher":
        return [f"publisher.acknowledged@{chance.randint(*span)}" for span in PUBLISHER_TURNS]
    limits = [FIRST_TURNS[victim], LATER_TURNS]
    points = chance.sample(POINTS[victim], k=2)
    return [
        f"{point}@{chance.randint(1, limit)}" for point, limit in zip(points, limits, strict=True)
    ]


@dataclass
class Crew:
    """The services of a line; each can be stopped and started with a fault, and have a second."""

    line: Line
    kills: list[str]
    running: dict[tuple[Service, str], Running] = field(default_factory=dict)
    """By name and slot."""

    async def start(self, name: Service, fault: str = "", slot: str = FIRST) -> Running:
        """Start a service; it is ready on return."""
        port = free_port()
        engines = ("--engine", "oee") if name == "process" else ()
        options = ("--port", str(port), "--slot", slot, *engines)
        service = await self.line.start(name, *options, port=port, fault=fault)
        self.running[name, slot] = service
        await service.ready()
        return service

    async def stop(self, name: Service, slot: str = FIRST) -> None:
        await self.running.pop((name, slot)).stop()

    async def stop_all(self) -> None:
        for name, slot in list(self.running):
            await self.stop(name, slot)

    async def mend(self) -> None:
        """One of each service runs, without a fault, whatever a failed test left behind."""
        for name, slot in list(self.running):
            if slot != FIRST:
                await self.stop(name, slot)
        names: tuple[Service, ...] = ("process", "sink")
        for name in names:
            found = self.running.get((name, FIRST))
            if found and not found.fault and found.process.returncode is None:
                continue
            if found:
                await self.stop(name)
            await self.start(name)

    @asynccontextmanager
    async def replaying(self, recording: Path, run: str, fault: str = "") -> AsyncIterator[Running]:
        """A replay beside the services; it does not outlive the block."""
        replay = await self.line.start_replay(recording, run, fault=fault)
        try:
            yield replay
        finally:
            await replay.stop()

    async def kill(self, victim: Running, run: str) -> int:
        """SIGKILL while it holds unacknowledged work; gives how much."""
        held = await victim.held()
        assert held > 0
        await victim.kill()
        self.kills.append(f"{run}: {victim.name} killed at {victim.fault}, {held} unacknowledged")
        return held
