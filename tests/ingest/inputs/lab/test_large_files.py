"""Files of many megabytes through `plantstream ingest`, which is killed in the middle.

Beside them a Modbus device is read: its newest stored value stays young, whatever a file holds.
"""

import asyncio
import csv
import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from ingest.inputs.lab.keys import key_of, statement_of
from plantstream.commands.scrape import Samples
from plantstream.embedded import child
from plantstream.runtime import clock
from schemas.topics import DEADLETTER, LAB
from tests.ingest.inputs.modbus.peer import Device, pymodbus_server
from tests.ingest.inputs.peers import plant_of
from tests.integration.line import Running
from tests.parts import free_port

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(1200)]

LIMIT_S = 900.0
MAX_RSS_MB = 200
MAX_AGE_S = 2.0
"""Of the device's newest value, which changes with every look of ours."""
BETWEEN_LOOKS_S = 0.1
MEGABYTE = 1_000_000
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
FIELDS = ("id", "time", "product", "batch", "sample", "test", "value", "unit", "method")
BROKEN = {"unit": "mg"}
NOTHING: Samples = {}


def fields(number: int) -> dict[str, Any]:
    return {
        "id": f"lims-{number:08}",
        "time": (FIRST + timedelta(seconds=number)).isoformat(),
        "product": "P1",
        "batch": f"B-{number // 500:05}",
        "sample": f"S-{number // 5:07}",
        "test": "ph",
        "value": 5 + number % 300 / 100,
        "unit": "pH",
        "method": "USP <791>",
    }


def as_csv(row: dict[str, Any]) -> str:
    return ",".join(map(str, row.values()))


def as_json(row: dict[str, Any]) -> str:
    return json.dumps({"type": "test_result", **row})


def write(path: Path, size: int) -> tuple[int, int]:
    """Write so many bytes with one broken row in the middle; gives good rows, and its line."""
    told, header = (as_csv, [",".join(FIELDS)]) if path.suffix == ".csv" else (as_json, [])
    rows = size // (len(told(fields(0))) + 1)
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in header)
        for number in range(rows):
            if number == rows // 2:
                file.write(told(fields(number) | BROKEN | {"id": "broken"}) + "\n")
            file.write(told(fields(number)) + "\n")
    return rows, rows // 2 + 1 + len(header)


@dataclass
class Figures:
    """What was seen while the file was taken."""

    ages_s: list[float] = field(default_factory=list)
    rss_mb: float = 0.0
    processor_s: float = 0.0

    def look(self, process: psutil.Process, samples: Samples) -> None:
        self.rss_mb = max(self.rss_mb, process.memory_info().rss / MEGABYTE)
        newest = samples.get(
            ("plantstream_source_last_value_timestamp_seconds", (("source", "line"),)), 0.0
        )
        if newest:
            self.ages_s.append(clock.now().timestamp() - newest)

    def ended(self, process: psutil.Process) -> None:
        used = process.cpu_times()
        self.processor_s += used.user + used.system


@dataclass
class Edge:
    """A folder, a device and a data directory, and the service that reads them."""

    folder: Path
    device: Device

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    def plant_file(self) -> Path:
        plant = json.loads(plant_of(self.device).text)
        plant["sources"]["lab"] = {
            "type": "lab",
            "folder": {"path": str(self.inbox), "by": "lims", "rest_s": 0.1, "rescan_s": 1},
        }
        plant["products"] = [{"id": "P1", "tests": [{"id": "ph", "unit": "pH"}]}]
        file = self.folder / "plant.yaml"
        file.write_text(json.dumps(plant))
        return file

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Running]:
        """`plantstream ingest`, whose broker nobody reaches; it is killed at the end."""
        port, log = free_port(), self.folder / "ingest.log"
        options = ("--plant", self.plant_file(), "--data-dir", self.folder / "data")
        argv = (sys.executable, "-m", "plantstream", "ingest", *options, "--port", port)
        nowhere = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
        process = await child.spawn([str(one) for one in argv], log, nowhere)
        running = Running("ingest", process, port, log)
        try:
            await running.ready()
            yield running
        finally:
            await running.kill()

    async def run_until(self, done: Callable[[Samples], bool], figures: Figures) -> None:
        """Start the service, and kill it once its metrics say so; the device changes all along."""
        async with self.service() as running, asyncio.timeout(LIMIT_S):
            process = psutil.Process(running.process.pid)
            number, samples = 0, NOTHING
            while not done(samples):
                running.must_live()
                number = (number + 1) % 10_000
                await asyncio.to_thread(self.device.set, number)
                samples = await running.metrics()
                figures.look(process, samples)
                await asyncio.sleep(BETWEEN_LOOKS_S)
            figures.ended(process)


def taken(samples: Samples) -> float:
    return samples.get(("plantstream_source_notifications_total", (("source", "lab"),)), 0.0)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    device = pymodbus_server(tmp_path)
    device.start()
    (tmp_path / "inbox").mkdir()
    yield Edge(tmp_path, device)
    device.close()


def stored(spool: Path, topic: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with closing(sqlite3.connect(spool)) as database:
        sql = "SELECT seq, value FROM entry WHERE topic = ? ORDER BY number"
        for seq, value in database.execute(sql, (topic,)):
            yield seq, json.loads(value)


@pytest.mark.parametrize(
    ("name", "megabytes"),
    [
        pytest.param("small.csv", 2, id="CSV"),
        pytest.param("small.jsonl", 2, id="JSON lines"),
        pytest.param("large.csv", 100, id="CSV of 100 MB", marks=pytest.mark.long),
        pytest.param("large.jsonl", 100, id="JSON lines of 100 MB", marks=pytest.mark.long),
    ],
)
async def test_a_large_file_is_taken_once_and_disturbs_nobody(
    edge: Edge, name: str, megabytes: int
):
    beside = edge.folder / name
    rows, broken_line = write(beside, megabytes * MEGABYTE)
    beside.rename(edge.inbox / name)
    done = edge.inbox / "done" / name
    figures = Figures()

    start = time.monotonic()
    await edge.run_until(lambda samples: taken(samples) > rows / 3, figures)
    assert not done.exists()
    await edge.run_until(lambda _: done.exists(), figures)
    took_s = time.monotonic() - start

    with done.with_name(f"{name}.report.csv").open(newline="") as report:
        (line, about, _), (*_, summary) = list(csv.reader(report))[1:]
    assert (line, about) == (str(broken_line), "unit")
    assert summary.startswith(f"{rows} rows taken, 1 not")
    assert_taken_once(edge.folder / "data/spool/s.sqlite", name, rows, broken_line)
    ages = sorted(figures.ages_s)
    tell(name, rows, took_s, figures, ages)
    assert figures.rss_mb < MAX_RSS_MB
    assert ages[int(len(ages) * 0.99)] < MAX_AGE_S


def assert_taken_once(spool: Path, name: str, rows: int, broken_line: int) -> None:
    """Each row in its order under its own id, and one letter of the broken one."""
    count = 0
    for seq, record in stored(spool, LAB.name):
        assert seq == count
        assert record["statement"] == statement_of(key_of("lims", f"lims-{count:08}"))
        count += 1
    assert count == rows
    letters = [one["line"] for _, one in stored(spool, DEADLETTER.name) if one["file"] == name]
    assert letters == [broken_line]


def tell(name: str, rows: int, took_s: float, figures: Figures, ages: list[float]) -> None:
    print(  # noqa: T201 - figures of the run
        f"{name}: {rows} rows, killed once, in {took_s:.0f} s: {rows / took_s:.0f} rows/s,"
        f" {figures.processor_s:.0f} s of processor time, at most {figures.rss_mb:.0f} MB;"
        f" the other source's newest value was {ages[len(ages) // 2] * 1000:.0f} ms old,"
        f" p99 {ages[int(len(ages) * 0.99)] * 1000:.0f} ms, at most {ages[-1] * 1000:.0f} ms"
    )
