"""Acts of people while the engine that chains them and the sink are killed: none is missing."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from plantstream.commands.audited import outgoing_entry
from plantstream.runtime import clock
from plantstream.runtime.kafka.broker import KafkaBroker
from schemas.audit import AuditEntry
from sinks.timescale.connection import connect
from tests.integration.line import Line, Running
from tests.kill.victims import Crew
from tests.parts import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

SITE = "acme/killed-audit"
ENGINE_FAULTS = ("audit.applied@2", "audit.committed@1", "audit.applied@1")
SINK_FAULTS = ("sink.copied@2", "sink.read@1", "sink.copied@1")
"""Turns are few: what waited during a restart comes in large batches."""
TURN_S = 0.1
AT_ONCE = 3
"""Acts in a turn; the first of each is written twice, as by a sender that had no answer."""
STORED_LIMIT_S = 60.0
LOOK_S = 0.2
STORED = "SELECT count(*) FROM audit_record WHERE site = %s"
NUMBERS = "SELECT array_agg(number ORDER BY number) FROM audit_record WHERE site = %s"
IDS = "SELECT array_agg(id) FROM audit_record WHERE site = %s"


@dataclass
class People:
    """They act as long as nobody tells them to end."""

    line: Line
    acts: list[str] = field(default_factory=list)
    """Ids, each once."""

    async def act(self, done: asyncio.Event) -> None:
        async with KafkaBroker(self.line.kafka) as broker:
            while not done.is_set():
                entries = [self._entry() for _ in range(AT_ONCE)]
                await broker.send([outgoing_entry(one) for one in (*entries, entries[0])])
                await asyncio.sleep(TURN_S)

    def _entry(self) -> AuditEntry:
        number = len(self.acts)
        self.acts.append(f"act-{number}")
        return AuditEntry(
            id=self.acts[-1],
            site=SITE,
            at=clock.now(),
            actor="Ana Ruiz",
            action="alert.acknowledgement",
            subject=f"alert-{number}",
            reason="looked at it",
        )


@dataclass
class Auditor:
    """The engine that chains, with anchors every second."""

    line: Line
    running: Running | None = None

    async def start(self, fault: str = "") -> Running:
        port = free_port()
        options = ("--engine", "audit", "--port", str(port), "--data-dir", self.line.data_dir)
        self.running = await self.line.start("process", *options, port=port, fault=fault)
        await self.running.ready()
        return self.running

    async def stop(self) -> None:
        if self.running is not None:
            await self.running.stop()

    async def verify(self) -> tuple[int, dict[str, Any]]:
        """What `plantstream audit verify` ends with, and says."""
        asked = ("--site", SITE, "--data-dir", self.line.data_dir, "--json")
        done = await self.line.command("audit", "verify", *asked)
        return done.code, json.loads(done.out)


@asynccontextmanager
async def auditor(line: Line, home: Path) -> AsyncIterator[Auditor]:
    often = {**line.environment, "PLANTSTREAM_AUDIT_ANCHOR_EVERY_S": "1"}
    made = Auditor(replace(line, data_dir=home, environment=often))
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def acting(line: Line) -> AsyncIterator[People]:
    """People act until the block ends; if it fails they are left alone."""
    people, done = People(line), asyncio.Event()
    task = asyncio.create_task(people.act(done))
    try:
        yield people
        done.set()
        await task
    finally:
        task.cancel()


async def kill_engine(made: Auditor, crew: Crew, faults: Sequence[str]) -> None:
    for fault in faults:
        await crew.kill(await made.start(fault), SITE)
    await made.start()


async def kill_sink(crew: Crew, faults: Sequence[str]) -> None:
    await crew.stop("sink")
    for fault in faults:
        await crew.kill(await crew.start("sink", fault), SITE)
    await crew.start("sink")


async def test_the_trail_is_whole_whatever_is_killed_and_a_changed_record_is_named(
    crew: Crew, tmp_path: Path
) -> None:
    async with auditor(crew.line, tmp_path) as made:
        async with acting(crew.line) as people, asyncio.TaskGroup() as killing:
            killing.create_task(kill_engine(made, crew, ENGINE_FAULTS))
            killing.create_task(kill_sink(crew, SINK_FAULTS))
        await all_stored(crew.line, len(people.acts))
        await made.stop()
        code, told = await made.verify()

        number = len(people.acts)
        crew.kills.append(f"audit: {number} acts, {told['anchors']} anchors agree, 0 missing")
        assert (code, told["whole"], told["count"]) == (0, True, 0), told["findings"]
        assert told["records"] == number
        assert told["heads"] == {SITE: number}
        # An engine that is killed in its first transaction has no head to anchor; the last one has.
        assert told["anchors"] >= 1
        assert await crew.line.one(NUMBERS, SITE) == list(range(1, number + 1))
        assert sorted(await crew.line.one(IDS, SITE)) == sorted(people.acts)

        middle = number // 2
        await change(crew.line, middle)
        code, told = await made.verify()
        assert code == 1
        assert [(one["kind"], one["number"]) for one in told["findings"]] == [("changed", middle)]


async def all_stored(line: Line, number: int) -> None:
    async with asyncio.timeout(STORED_LIMIT_S):
        while await line.one(STORED, SITE) < number:  # noqa: ASYNC110 - SQL
            await asyncio.sleep(LOOK_S)


async def change(line: Line, number: int) -> None:
    """Another reason in one record, by the database's owner."""
    async with await connect(line.database) as owner, owner.transaction():
        await owner.execute(b"ALTER TABLE audit_record DISABLE TRIGGER USER")
        await owner.execute(
            "UPDATE audit_record SET entry = replace(entry, 'looked at it', 'looked away'), "
            "reason = 'looked away' WHERE site = %s AND number = %s",
            (SITE, number),
        )
        await owner.execute(b"ALTER TABLE audit_record ENABLE TRIGGER USER")
