"""The sink's process is killed, with work in its hands: nothing is lost, nothing comes twice."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from plantstream.runtime.settings import DatabaseSettings
from tests.sinks.timescale.sink_process import EVENT_COUNT, FRAME_COUNT, SAMPLES

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
LIMIT_S = 30


@contextmanager
def running(settings: DatabaseSettings, fault: str = "") -> Iterator[subprocess.Popen[str]]:
    """The sink's process; it is killed when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sinks.timescale.sink_process", str(settings.port)],
        cwd=ROOT,
        env=os.environ | {"PLANTSTREAM_FAULT": fault, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_S)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_every_stage_and_at_random(
    settings: DatabaseSettings, sql: psycopg.Connection, seed: int
):
    chance = random.Random(seed)
    for fault in ("sink.read@2", "sink.copied@2", "sink.copied@1", "sink.written@2"):
        held = kill_where_it_holds(settings, fault)
        sys.stdout.write(f"killed at {fault} with {held} unacknowledged records\n")
        assert (held > 0) is ("written" not in fault)
    for _ in range(2):
        kill_somewhere(settings, after_s=chance.uniform(0, 0.05))

    with running(settings) as last:
        assert last.wait(LIMIT_S) == 0

    assert sql.execute("SELECT count(*), sum(value) FROM sample").fetchone() == (
        FRAME_COUNT * SAMPLES,
        sum(range(FRAME_COUNT)) * SAMPLES,
    )
    assert sql.execute("SELECT count(*), sum(good) FROM machine_event").fetchone() == (
        EVENT_COUNT,
        EVENT_COUNT,
    )
    assert sql.execute("SELECT count(*) FROM dead_letter").fetchone() == (1,)


def kill_where_it_holds(settings: DatabaseSettings, fault: str) -> int:
    """Kill at a fault point, and say how many records were in hand."""
    with running(settings, fault) as process:
        assert process.stdout is not None
        words = next(line.split() for line in process.stdout if line.startswith("holding"))
    return int(words[1])


def kill_somewhere(settings: DatabaseSettings, after_s: float) -> None:
    """Kill a moment after the first records are in hand."""
    with running(settings) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
