"""What every service does beside its work, seen from outside its process."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts import eventually, free_port

WORK = """
import asyncio, logging, sys
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.service import run_service

async def work(service):
    kind = sys.argv[2]
    if kind == "misconfigured":
        raise MisconfiguredError("no such plant; give another one")
    if kind == "unavailable":
        raise UnavailableError("the broker is away")
    if kind == "unknown":
        raise ValueError("nobody thought of this")
    if kind == "holding on":
        try:
            raise UnavailableError("the broker is away")
        except UnavailableError as error:
            service.give_up(str(error))
            await asyncio.sleep(60)
            raise
    if kind == "talkative":
        logging.getLogger("asyncua.client").warning("somebody went away")
        raise UnavailableError("the server is away")
    if kind == "ready":
        service.is_ready()
    await service.until_stopped(asyncio.sleep(60))

raise SystemExit(run_service("test", work, "127.0.0.1", int(sys.argv[1])))
"""


@contextmanager
def service(kind: str, port: int) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, "-c", WORK, str(port), kind],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def status(port: int, page: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def test_it_is_live_at_once_and_ready_when_its_work_goes_on() -> None:
    port = free_port()
    with service("starting", port):
        asyncio.run(eventually(lambda: status(port, "/live") == 200))
        assert status(port, "/ready") == 503
    port = free_port()
    with service("ready", port):
        asyncio.run(eventually(lambda: status(port, "/ready") == 200))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            assert b"process_resident_memory_bytes" in answer.read()


def test_it_stops_when_told_to_and_says_that_all_is_well() -> None:
    port = free_port()
    with service("ready", port) as running:
        asyncio.run(eventually(lambda: status(port, "/ready") == 200))
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=10) == 0


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        pytest.param("misconfigured", 78, "no such plant; give another one", id="a person"),
        pytest.param("unavailable", 1, "the broker is away", id="the other side"),
        pytest.param("talkative", 1, "the server is away", id="the other side, said once"),
        pytest.param("unknown", 1, "nobody thought of this", id="nobody knows"),
    ],
)
def test_its_exit_code_says_who_can_help(kind: str, code: int, said: str) -> None:
    with service(kind, free_port()) as running:
        _, errors = running.communicate(timeout=20)
        assert running.returncode == code
        assert said in errors
        assert all(json.loads(line)["level"] for line in errors.splitlines())


def test_what_holds_on_to_a_broker_that_is_away_is_ended_and_says_why_it_ended() -> None:
    with service("holding on", free_port()) as running:
        _, errors = running.communicate(timeout=20)
        assert running.returncode == 1
        assert "did not stop in time" in errors
        assert "the broker is away" in errors


def test_a_port_that_is_taken_ends_it_with_a_sentence() -> None:
    port = free_port()
    with service("ready", port):
        asyncio.run(eventually(lambda: status(port, "/ready") == 200))
        with service("ready", port) as second:
            _, errors = second.communicate(timeout=20)
            assert second.returncode == 78
            assert f"port {port}" in errors
