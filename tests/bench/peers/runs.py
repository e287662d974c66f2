"""Each run is a process of its own, on the same backlog in the same broker."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from plantstream.embedded import child
from plantstream.runtime.errors import PlantstreamError
from plantstream.runtime.kafka.admin import apply_topics, committed_offsets
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import TELEMETRY
from tests.bench.peers.agreement import must_agree, told_rows
from tests.bench.peers.backlog import Backlog, write
from tests.bench.peers.engine import WindowedEngine
from tests.bench.peers.stopwatch import Took
from tests.parts import running_kafka

ROOT = Path(__file__).parents[3]
LIMIT_S = 1_200


@dataclass(frozen=True)
class Hall:
    """A broker that holds a backlog."""

    kafka: KafkaSettings
    backlog: Backlog
    folder: Path
    numbers: "count[int]"

    async def ours(self) -> Took:
        """Our shell, whose rows have to be right."""
        engine = WindowedEngine(f"bench-oee-{next(self.numbers)}")
        await apply_topics(self.kafka, [engine.memory, engine.output])
        took = await self._run(sys.executable, "ours", "--name", engine.name)
        told = await told_rows(self.kafka, engine.output.name)
        must_agree("plantstream", told, self.backlog.rows())
        return took

    async def bare(self) -> Took:
        """aiokafka alone; it has no results."""
        return await self._run(sys.executable, "bare")

    async def peer(self, python: Path, name: str, frames: int = 0) -> Took:
        """A peer, as far as so many frames or to the end, whose rows have to be right."""
        group = f"bench-{name}-{next(self.numbers)}"
        engine = WindowedEngine(group)
        await apply_topics(self.kafka, [engine.output])
        frames = min(frames or self.backlog.frames, self.backlog.frames)
        state = self.folder / group
        options = ("--output", engine.output.name, "--group", group, "--state", str(state))
        took = await self._run(str(python), name, *options, "--frames", str(frames))
        read = None
        if frames < self.backlog.frames:
            offsets = await committed_offsets(self.kafka, group)
            read = {place.partition: offset for place, offset in offsets.items()}
        told = await told_rows(self.kafka, engine.output.name)
        must_agree(name, told, self.backlog.rows(read))
        return took

    async def _run(self, python: str, module: str, *options: str) -> Took:
        number = next(self.numbers)
        out, log = self.folder / f"{module}-{number}.json", self.folder / f"{module}-{number}.log"
        to = ("--servers", self.kafka.bootstrap_servers, "--out", str(out))
        argv = (python, "-m", f"tests.bench.peers.{module}", *to, *options)
        async with asyncio.timeout(LIMIT_S):
            code = await child.run(argv, log, {"PYTHONPATH": str(ROOT)})
        if code != 0:
            raise PlantstreamError(f"{module} failed, exit code {code}:\n{child.log_tail(log)}")
        return Took(**json.loads(out.read_text()))


@asynccontextmanager
async def hall(folder: Path, backlog: Backlog) -> AsyncIterator[Hall]:
    """A broker of its own with the backlog in it."""
    async with running_kafka(folder) as running:
        await apply_topics(running.settings, [TELEMETRY])
        await write(running.settings, backlog)
        yield Hall(running.settings, backlog, folder, count())
