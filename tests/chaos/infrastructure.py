"""Kafka and TimescaleDB of the chaos runs: they die when told, and stay dead until told."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from plantstream.embedded import child
from plantstream.embedded.part import Part

READY_LIMIT_S = 60.0
LOOK_S = 0.05


@dataclass
class Program:
    """A part that nobody restarts by himself."""

    part: Part
    logs: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        """What it says."""
        return self.logs / f"{self.part.name}.log"

    @property
    def runs(self) -> bool:
        """Whether there is a process of it."""
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start it; it answers on return."""
        self.process = await child.spawn(self.part.argv, self.log, self.part.env, self.part.cwd)
        async with asyncio.timeout(READY_LIMIT_S):
            while not await self.part.ready():
                assert self.process.returncode is None, self._last_words()
                await asyncio.sleep(LOOK_S)

    async def kill(self) -> None:
        """SIGKILL to it and whatever it has started."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> None:
        """In order, as an administrator would."""
        if self.process is not None and self.runs:
            await child.end(self.process, self.part.stop_s)

    def _last_words(self) -> str:
        return f"{self.part.name}: {child.log_tail(self.log)}"
