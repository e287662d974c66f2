"""A running line as a user's terminal sees it: commands and services are processes of their own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plantstream.commands.scrape import Samples, scrape, total
from plantstream.embedded import child
from plantstream.embedded.checks import HOST
from plantstream.embedded.probes import http_ready
from plantstream.runtime.faults import HOLDING
from plantstream.runtime.kafka.admin import end_offsets
from plantstream.runtime.kafka.whole import read_partitions
from plantstream.runtime.ports import Record
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from schemas.topics import Topic
from sinks.timescale.connection import connect
from tests.integration.press import EQUIPMENT, MAP, PLANT
from tests.parts import free_port

COMMAND_LIMIT_S = 240.0
READY_LIMIT_S = 60.0
HELD_LIMIT_S = 90.0
STOP_LIMIT_S = 30.0
BETWEEN_LOOKS_S = 0.05


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Running:
    """One of our processes; its words are in `log`."""

    name: str
    process: asyncio.subprocess.Process
    port: int
    log: Path
    fault: str = ""

    async def metrics(self) -> Samples:
        return await scrape(f"http://{HOST}:{self.port}/metrics")

    async def ready(self) -> None:
        answers = http_ready(f"http://{HOST}:{self.port}/ready")
        async with asyncio.timeout(READY_LIMIT_S):
            while not await answers():
                self.must_live()
                await asyncio.sleep(BETWEEN_LOOKS_S)

    async def held(self) -> int:
        """Wait until it holds at its fault point; gives how much of its work is unacknowledged."""
        async with asyncio.timeout(HELD_LIMIT_S):
            while True:
                found = await self.metrics()
                if total(found, HOLDING) == 1:
                    return int(total(found, "plantstream_unacknowledged"))
                self.must_live()
                await asyncio.sleep(BETWEEN_LOOKS_S)

    async def kill(self) -> None:
        """SIGKILL, and nothing else."""
        os.kill(self.process.pid, signal.SIGKILL)
        assert await self.process.wait() == -signal.SIGKILL

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections, and says nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    async def stop(self) -> None:
        await child.end(self.process, STOP_LIMIT_S)

    async def ended(self) -> None:
        """Wait until it has done its work."""
        async with asyncio.timeout(COMMAND_LIMIT_S):
            code = await self.process.wait()
        assert code == 0, self.last_words()

    def must_live(self) -> None:
        assert self.process.returncode is None, f"{self.name} {self.fault}: {self.last_words()}"

    def last_words(self) -> str:
        return child.log_tail(self.log)


@dataclass(frozen=True)
class Line:
    """Kafka and TimescaleDB, and where our processes find them."""

    data_dir: Path
    kafka: KafkaSettings
    database: DatabaseSettings
    environment: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    """Where the services show their metrics."""
    program: str = "plantstream"
    """The module that is run."""

    async def metric(self, service: str, name: str, **labels: str) -> float:
        """One sample of a service's metrics."""
        found = await scrape(self.pages[service])
        return found.get((name, tuple(sorted(labels.items()))), 0.0)

    async def command(self, *arguments: str | Path, limit_s: float = COMMAND_LIMIT_S) -> Finished:
        """Run `plantstream` to its end."""
        process = await asyncio.create_subprocess_exec(
            *self._argv(*arguments),
            env=os.environ | self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(limit_s):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())

    async def start(self, name: str, *arguments: str | Path, port: int, fault: str = "") -> Running:
        """Start `plantstream NAME`; it does not outlive the test."""
        log = self.data_dir / "logs" / f"test-{name}.log"
        env = {**self.environment, "PLANTSTREAM_FAULT": fault}
        process = await child.spawn(self._argv(name, *arguments), log, env)
        return Running(name, process, port, log, fault)

    async def start_replay(
        self, recording: Path, run: str, *, plant: Path = PLANT, fault: str = ""
    ) -> Running:
        """Start a replay whose metrics can be read."""
        port = free_port()
        more = (*self._replayed(recording, run, plant), "--metrics-port", str(port))
        return await self.start("replay", *more, port=port, fault=fault)

    async def replay(self, recording: Path, run: str | None = None, plant: Path = PLANT) -> str:
        """Replay, and wait until everything is in SQL; gives the name of the run."""
        done = await self.command("replay", *self._replayed(recording, run, plant))
        assert done.code == 0, done.err
        return done.err.partition(" as run ")[2].split()[0]

    async def replay_through_opcua(self, recording: Path) -> tuple[str, int]:
        """Replay out of an OPC UA server; gives the name of the run, and samples per second."""
        files = self._replayed(recording, None, PLANT)
        done = await self.command("replay", *files, "--through", "opcua")
        assert done.code == 0, done.err
        said = " ".join(done.err.split())
        rate = said.partition(" per second")[0].rpartition(" ")[2]
        return said.partition(" as run ")[2].split()[0], int(rate)

    def _replayed(self, recording: Path, run: str | None, plant: Path) -> tuple[str | Path, ...]:
        named = () if run is None else ("--run", run)
        return (recording, "--map", MAP, "--plant", plant, *named, "--data-dir", self.data_dir)

    async def oee(self, run: str | None = None) -> dict[str, dict[str, Any]]:
        """What `plantstream oee` says of each batch of a run, or of the newest one."""
        named = () if run is None else ("--run", run)
        asked = ("--equipment", EQUIPMENT, "--by", "batch", *named, "--json")
        done = await self.command("oee", *asked, "--data-dir", self.data_dir)
        assert done.code == 0, done.err
        return {row["batch"]: row for row in json.loads(done.out)}

    async def sql(self, query: str, *values: object, **named: object) -> list[tuple[Any, ...]]:
        async with await connect(self.database) as connection:
            cursor = await connection.execute(query.encode(), named or values)
            return await cursor.fetchall()

    async def one(self, query: str, *values: object, **named: object) -> Any:
        """The only row of an answer, or its only value."""
        (row,) = await self.sql(query, *values, **named)
        return row[0] if len(row) == 1 else row

    async def ends(self, topic: Topic) -> dict[int, int]:
        """Where each partition ends now."""
        found = await end_offsets(self.kafka, [topic])
        return {where.partition: offset for where, offset in found.items()}

    async def records(self, topic: Topic, start: Mapping[int, int]) -> list[Record]:
        """What was committed since."""
        return [one async for one in read_partitions(self.kafka, topic.name, start)]

    def _argv(self, *arguments: str | Path) -> tuple[str, ...]:
        return (sys.executable, "-m", self.program, *map(str, arguments))
