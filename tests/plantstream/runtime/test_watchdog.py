"""Services that no longer do their work end by themselves; seen from outside their processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from plantstream.commands.scrape import scrape, total
from plantstream.runtime.kafka.admin import apply_topics
from plantstream.runtime.kafka.broker import KafkaBroker
from plantstream.runtime.ports import Outgoing
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, KPI
from tests.integration.overheating import until
from tests.parts import free_port, running_kafka

LIMIT_S = 60.0
RESTARTS = "plantstream_watchdog_restarts_total"
BLOCKED = """
import sys, time
from plantstream.runtime.service import run_service

async def work(service):
    service.is_ready()
    if sys.argv[2] == "blocked":
        time.sleep(60)
    await service.stopping.wait()

raise SystemExit(run_service("test", work, "127.0.0.1", int(sys.argv[1])))
"""
STANDING = """
import asyncio, json, sys
from plantstream.runtime.kafka.reader import KafkaGroupReader
from plantstream.runtime.kafka.watch import watched
from plantstream.runtime.ports import Assigned
from plantstream.runtime.service import run_service
from plantstream.runtime.settings import KafkaSettings

async def work(service):
    settings = KafkaSettings()
    async with (
        KafkaGroupReader(settings, "standing", ["plant.kpi.v1"]) as reader,
        watched(service, settings, {"standing": reader.reach}),
    ):
        service.is_ready()
        read = 0
        while not service.stopping.is_set():
            if sys.argv[2] == "stuck" and read:
                await service.stopping.wait()
                return
            polled = await reader.poll(100)
            if isinstance(polled, Assigned):
                for one in polled.partitions:
                    await reader.seek(one, 0)
                continue
            read += len(polled)

raise SystemExit(run_service("test", work, "127.0.0.1", int(sys.argv[1])))
"""


@contextmanager
def service(
    code: str, kind: str, port: int, state: Path, **env: str
) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-c", code, str(port), kind],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "PLANTSTREAM_DATA_DIR": str(state)} | env,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


async def restarts(port: int, reason: str) -> float:
    page = f"http://127.0.0.1:{port}/metrics"
    found: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    async def answers() -> bool:
        found.update(await scrape(page))
        return bool(found)

    await until(answers, LIMIT_S)
    return found[RESTARTS, (("reason", reason),)]


def last_error(running: subprocess.Popen[str]) -> dict[str, object]:
    _, errors = running.communicate(timeout=LIMIT_S)
    lines = [json.loads(line) for line in errors.splitlines()]
    return next(line for line in lines if "watchdog" in line["event"])


async def test_a_blocked_event_loop_ends_the_service_and_its_successor_knows(tmp_path: Path):
    port = free_port()
    with service(BLOCKED, "blocked", port, tmp_path, PLANTSTREAM_WATCHDOG_LOOP_S="1") as blocked:
        said = last_error(blocked)
        assert blocked.returncode == 1
    assert "event loop stands still" in str(said["event"])
    assert "time.sleep(60)" in str(said["at"]) or "work" in str(said["at"])

    with service(BLOCKED, "free", port, tmp_path):
        assert await restarts(port, "loop") == 1


async def test_a_process_that_was_halted_is_not_taken_for_blocked(tmp_path: Path):
    port = free_port()
    with service(BLOCKED, "free", port, tmp_path, PLANTSTREAM_WATCHDOG_LOOP_S="1") as halted:
        assert await restarts(port, "loop") == 0
        os.kill(halted.pid, signal.SIGSTOP)
        time.sleep(1.5)  # noqa: ASYNC251 - time has to pass while nothing happens
        os.kill(halted.pid, signal.SIGCONT)
        assert await restarts(port, "loop") == 0
        assert halted.poll() is None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KafkaSettings]:
    async with running_kafka(tmp_path_factory.mktemp("kafka")) as running:
        await apply_topics(running.settings, CATALOGUE)
        yield running.settings


@pytest.mark.integration
@pytest.mark.asyncio(loop_scope="module")
async def test_a_consumer_that_stands_still_while_its_topic_grows_ends_the_service(
    kafka: KafkaSettings, tmp_path: Path
):
    port, records = free_port(), [Outgoing(KPI.name, 1, b"k", b"x")]
    env = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PLANTSTREAM_WATCHDOG_CONSUMER_S": "2",
    }
    async with KafkaBroker(kafka) as broker:
        await broker.send(records)
        with service(STANDING, "stuck", port, tmp_path, **env) as stuck:

            async def has_ended() -> bool:
                await broker.send(records)
                return stuck.poll() is not None

            await until(has_ended, LIMIT_S)
            said = last_error(stuck)
            assert stuck.returncode == 1
    assert [said["group"], said["partition"]] == ["standing", f"{KPI.name}/1"]
    assert said["unread"]

    with service(STANDING, "moving", port, tmp_path, **env):
        assert await restarts(port, "consumer") == 1

        async def has_read_all() -> bool:
            found = await scrape(f"http://127.0.0.1:{port}/metrics")
            shown = {name for name, _ in found}
            return (
                "plantstream_consumer_lag_seconds" in shown
                and total(found, "plantstream_consumer_lag_seconds") == 0
                and total(found, "plantstream_consumer_lag_records") == 0
            )

        await until(has_read_all, LIMIT_S)
