"""`plantstream process` in a process of its own, its processor time, and what it has done."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from plantstream.runtime import clock
from plantstream.runtime.beside import beside
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from plantstream.runtime.ports import Record
    from plantstream.runtime.settings import KafkaSettings

ENGINES = ("oee", "rules")
FIRST_PORT = 26182
WITHIN_S = 120.0
LOOK_EVERY_S = 0.1
END_WITHIN_S = 20.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker of both engines."""

    process: asyncio.subprocess.Process
    port: int

    @classmethod
    async def started(cls, kafka: "KafkaSettings", log: Path, slot: int = 0) -> "Worker":
        """It is on its way; nothing is waited for."""
        from plantstream.embedded.child import spawn

        engines = [text for name in ENGINES for text in ("--engine", name)]
        port = FIRST_PORT + slot
        place = ("--port", str(port), "--slot", str(slot))
        argv = (sys.executable, "-m", "plantstream", "process", *engines, *place)
        addresses = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        addresses |= {"PLANTSTREAM_DATA_DIR": str(log.parent)}
        return cls(await spawn(argv, log, addresses), port)

    def cpu_s(self) -> float:
        """Processor time until now, of user and system, in seconds.

        Raises:
            PlantstreamError: it has ended.
        """
        self.must_run()
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def rss_kb(self) -> float:
        """Its memory now, in thousands of bytes."""
        self.must_run()
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * _PAGE_BYTES / 1e3

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It stands still meanwhile; its group gives it up after six seconds."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    async def owned(self) -> list[int]:
        """Partitions that it has, of each engine; none while it does not answer."""
        return await self._told("plantstream_processor_partitions{")

    async def written(self) -> int:
        """Records that its engines have written."""
        return sum(await self._told("plantstream_processor_outputs_total{"))

    async def _told(self, name: str) -> list[int]:
        """A metric of each engine; nothing while it does not answer."""
        from urllib.error import URLError
        from urllib.request import urlopen

        def page() -> str:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                return str(answer.read(), "utf-8")

        try:
            lines = (await asyncio.to_thread(page)).splitlines()
        except (URLError, TimeoutError):
            return []
        return [int(float(line.split()[-1])) for line in lines if line.startswith(name)]

    def must_run(self) -> None:
        """Refuse one that has ended."""
        if self.process.returncode is not None:
            raise PlantstreamError(f"the worker ended with {self.process.returncode}: see its log")

    async def kill(self) -> None:
        """By SIGKILL."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


async def until_all_is_owned(workers: Sequence[Worker], partitions: int) -> None:
    """Return once each has partitions, and together they have all.

    Raises:
        PlantstreamError: a worker ended, or `WITHIN_S` has passed.
    """
    started = clock.monotonic()
    while True:
        owned = [one for worker in workers for one in await worker.owned()]
        if all(owned) and sum(owned) == len(ENGINES) * partitions:
            return
        for worker in workers:
            worker.must_run()
        if clock.monotonic() - started > WITHIN_S:
            raise PlantstreamError(f"partitions of each worker and engine: {owned}")
        await asyncio.sleep(LOOK_EVERY_S)


async def until_all_is_applied(kafka: "KafkaSettings", workers: Collection[Worker]) -> None:
    """Return once the groups have told that nothing is left to read in what they read.

    Raises:
        PlantstreamError: a worker ended, or something is left after `WITHIN_S`.
    """
    from plantstream.runtime.kafka.admin import committed_offsets, end_offsets
    from processors.streams.faust_feed import group_of
    from schemas.topics import MACHINE, TELEMETRY

    inputs = {"oee": (MACHINE,), "rules": (MACHINE, TELEMETRY)}
    ends = {name: await end_offsets(kafka, inputs[name]) for name in ENGINES}
    started = clock.monotonic()
    while left := [
        where
        for name, wanted in ends.items()
        for found in [await committed_offsets(kafka, group_of(name))]
        for where, end in wanted.items()
        if found.get(where, 0) < end
    ]:
        for worker in workers:
            worker.must_run()
        if clock.monotonic() - started > WITHIN_S:
            raise PlantstreamError(f"not read in {WITHIN_S:.0f} s: {', '.join(map(str, left))}")
        await asyncio.sleep(LOOK_EVERY_S)


@dataclass(slots=True)
class Seen:
    """What committed records of some equipment have said since."""

    good: dict[str, int] = field(default_factory=dict)
    """Parts of each equipment, in the newest record of each minute."""
    firing: dict[str, int] = field(default_factory=dict)
    """How often an alert of each equipment began to fire."""
    _cells: dict[bytes, int] = field(default_factory=dict)

    def take(self, record: "Record") -> None:
        """One more; the same cell again replaces what it said."""
        said = json.loads(record.value or b"{}")
        if said.get("type") == "oee_cell":
            key, good = record.key or b"", said.get("quantities", {}).get("good", 0)
            path = said["equipment"]
            self.good[path] = self.good.get(path, 0) + good - self._cells.get(key, 0)
            self._cells[key] = good
        elif said.get("type") == "alert_transition" and said["state"] == "firing":
            place = said["labels"]
            names = (place["area"], place["line"], place["equipment"])
            path = "/".join((said["site"], *names))
            self.firing[path] = self.firing.get(path, 0) + 1


@asynccontextmanager
async def watching(kafka: "KafkaSettings", site: str) -> AsyncIterator[Seen]:
    """What is said of the equipments of this site from now on."""
    from plantstream.runtime.kafka.follow import Start, following
    from schemas.topics import ALERT, KPI

    seen, name = Seen(), site.encode()

    async def follow(topic: str, begun: asyncio.Event) -> None:
        async with following(kafka, topic, Start.NOW) as records:
            begun.set()
            async for record in records:
                if name in (record.value or b""):
                    seen.take(record)

    events = {topic.name: asyncio.Event() for topic in (KPI, ALERT)}
    async with beside(*(follow(topic, event) for topic, event in events.items())):
        await asyncio.gather(*(event.wait() for event in events.values()))
        yield seen


async def until_seen(seen: Seen, wanted: Mapping[str, int], worker: Worker) -> None:
    """Return once each of these has counted so many parts, and has an alert.

    Raises:
        PlantstreamError: the worker ended, or `WITHIN_S` has passed.
    """
    started = clock.monotonic()
    while any(seen.good.get(path, 0) < good for path, good in wanted.items()) or (
        wanted.keys() - seen.firing.keys()
    ):
        worker.must_run()
        if clock.monotonic() - started > WITHIN_S:
            raise PlantstreamError(f"of {len(wanted)} equipments not all were heard of: {seen}")
        await asyncio.sleep(LOOK_EVERY_S / 10)


async def all_said(kafka: "KafkaSettings") -> Seen:
    """What all committed records say."""
    from plantstream.runtime.kafka.whole import read_partitions
    from schemas.topics import ALERT, KPI

    seen = Seen()
    for topic in (KPI, ALERT):
        async for record in read_partitions(kafka, topic.name, range(topic.partitions)):
            seen.take(record)
    return seen
