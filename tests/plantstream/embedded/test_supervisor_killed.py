"""A supervisor in a process of its own, which is killed: nothing that it started stays."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from plantstream.embedded.endpoints import read_endpoints
from tests.parts import eventually, free_port, running_kafka, running_timescale

TWO_PROGRAMS = """
import asyncio, json, sys
from pathlib import Path
from plantstream.embedded.part import Part
from plantstream.embedded.signals import sigterm_cancels
from plantstream.embedded.supervise import Supervisor
async def yes(): return True
async def main():
    with sigterm_cancels():
        async with Supervisor(Path(sys.argv[1]), report=lambda _: None) as supervisor:
            for name in ('one', 'two'):
                argv = (sys.executable, '-c', 'import time; time.sleep(600)')
                await supervisor.start(Part(name, argv, yes))
            print(json.dumps(supervisor.pids()), flush=True)
            await supervisor.wait()
asyncio.run(main())
"""
REAL_PARTS = """
import asyncio, json, sys
from pathlib import Path
from plantstream.embedded.kafka import EmbeddedKafka
from plantstream.embedded.supervise import Supervisor
from plantstream.embedded.timescale import EmbeddedTimescale
async def main(data_dir, port, controller_port, database_port):
    kafka = EmbeddedKafka(data_dir, port, controller_port)
    timescale = EmbeddedTimescale(data_dir, database_port)
    async with Supervisor(data_dir, report=lambda _: None) as supervisor:
        for embedded in (kafka, timescale):
            await embedded.prepare()
            await supervisor.start(embedded.part())
        print(json.dumps(supervisor.pids()), flush=True)
        await supervisor.wait()
asyncio.run(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
"""


@asynccontextmanager
async def supervising(code: str, *arguments: object) -> AsyncIterator[dict[str, int]]:
    """The pids below a supervisor, which is killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    async with asyncio.timeout(60):
        pids: dict[str, int] = json.loads(await process.stdout.readline())
    try:
        yield pids
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


async def test_children_die_with_it(tmp_path: Path) -> None:
    async with supervising(TWO_PROGRAMS, tmp_path) as pids:
        endpoints = read_endpoints(tmp_path)
        assert endpoints
        assert {name: part.pid for name, part in endpoints.parts.items()} == pids
        assert not any(gone(pid) for pid in pids.values())
    await eventually(lambda: all(gone(pid) for pid in pids.values()))
    assert (tmp_path / "endpoints.json").exists()
    assert read_endpoints(tmp_path) is None


async def test_sigterm_stops_it_in_order(tmp_path: Path) -> None:
    async with supervising(TWO_PROGRAMS, tmp_path) as pids:
        endpoints = read_endpoints(tmp_path)
        assert endpoints
        os.kill(endpoints.pid, signal.SIGTERM)
        await eventually(lambda: read_endpoints(tmp_path) is None)
        await eventually(lambda: all(gone(pid) for pid in pids.values()))
        assert not (tmp_path / "endpoints.json").exists()


@pytest.mark.integration
async def test_broker_and_database_die_with_it_and_start_again(tmp_path: Path) -> None:
    ports = [free_port(), free_port(), free_port()]
    async with supervising(REAL_PARTS, tmp_path, *ports) as pids:
        assert pids.keys() == {"kafka", "timescale"}
    await eventually(lambda: all(gone(pid) for pid in pids.values()))
    async with running_kafka(tmp_path, ports[0]) as kafka:
        assert kafka.pid != pids["kafka"]
    async with running_timescale(tmp_path, ports[2]) as timescale:
        assert timescale.pid != pids["timescale"]
