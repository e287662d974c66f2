"""The supervisor, with small programs of our own."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from plantstream.embedded import child
from plantstream.embedded.endpoints import read_endpoints
from plantstream.embedded.errors import PartFailedError, RefusedError
from plantstream.embedded.part import Happening, Part, PartEvent, Port
from plantstream.embedded.probes import http_ready
from plantstream.embedded.restart import RestartPolicy, restart_delay_s
from plantstream.embedded.supervise import Supervisor
from tests.parts import eventually, free_port

QUICK = RestartPolicy(limit=2, first_s=0.01, longest_s=0.02)
SLEEP = "print('up', flush=True); import time; time.sleep(600)"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    "import time; time.sleep(600)"
)
BEAR_CHILD = """
import subprocess, sys, time
command = [sys.executable, '-c', 'import time; time.sleep(600)']
print(subprocess.Popen(command).pid, flush=True)
time.sleep(600)
"""
DIE = "print('the reason', flush=True); raise SystemExit(3)"
SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/ready' else 503); self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
"""


def program(code: str, name: str = "one", **more: object) -> Part:
    """A Python program that is ready once it has written something."""
    return Part(name, (sys.executable, "-c", code), more.pop("ready", always), **more)  # type: ignore[arg-type]


async def always() -> bool:
    return True


async def never() -> bool:
    return False


def wrote(data_dir: Path, name: str = "one") -> Callable[[], bool]:
    log = data_dir / "logs" / f"{name}.log"
    return lambda: log.exists() and log.stat().st_size > 0


def gone(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


async def test_a_service_is_ready_once_its_page_says_so(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    part = Part("service", (sys.executable, "-c", SERVE, str(port)), http_ready(f"{url}/ready"))
    async with Supervisor(tmp_path) as supervisor:
        assert not await part.ready()
        await supervisor.start(part)
        assert await part.ready()
        assert not await http_ready(f"{url}/other")()


async def test_a_part_that_dies_at_its_start_is_reported_with_its_last_words(
    tmp_path: Path,
) -> None:
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(PartFailedError, match="exit code 3") as caught:
            await supervisor.start(program(DIE, ready=never))
        assert caught.value.log_tail == "the reason"
        assert supervisor.pids() == {}


async def test_a_part_that_is_never_ready_is_stopped_and_reported(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(PartFailedError, match=r"not ready within 0\.3 s"):
            await supervisor.start(program(SLEEP, ready=never, ready_s=0.3))
        assert supervisor.pids() == {}


async def test_a_part_that_is_killed_comes_back(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, policy=QUICK) as supervisor:
        await supervisor.start(program(SLEEP))
        before = supervisor.pids()["one"]
        os.kill(before, signal.SIGKILL)
        await eventually(lambda: supervisor.pids().get("one", before) != before)
        await eventually(lambda: published_pid(tmp_path) == supervisor.pids()["one"])


def published_pid(data_dir: Path) -> int | None:
    found = read_endpoints(data_dir)
    return found.parts["one"].pid if found else None


async def test_a_part_that_dies_too_often_ends_the_supervisor(tmp_path: Path) -> None:
    events: list[PartEvent] = []
    async with Supervisor(tmp_path, policy=QUICK, report=events.append) as supervisor:
        await supervisor.start(program(DIE))
        async with asyncio.timeout(20):
            with pytest.raises(PartFailedError, match="exit code 3"):
                await supervisor.wait()
    happenings = [event.happening for event in events]
    assert happenings.count(Happening.RESTARTING) == QUICK.limit
    assert Happening.GAVE_UP in happenings


async def test_parts_stop_in_the_opposite_order(tmp_path: Path) -> None:
    events: list[PartEvent] = []
    async with Supervisor(tmp_path, report=events.append) as supervisor:
        await supervisor.start(program(SLEEP, "one"))
        await supervisor.start(program(SLEEP, "two"))
    stopped = [event.name for event in events if event.happening is Happening.STOPPED]
    assert stopped == ["two", "one"]


async def test_a_part_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(program(STUBBORN, stop_s=0.3))
        await eventually(wrote(tmp_path))
        pid = supervisor.pids()["one"]
        async with asyncio.timeout(10):
            await supervisor.stop("one")
        assert gone(pid)


async def test_what_a_part_has_started_is_stopped_with_it(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(program(BEAR_CHILD))
        await eventually(wrote(tmp_path))
        grandchild = int((tmp_path / "logs" / "one.log").read_text())
    await eventually(lambda: gone(grandchild))


async def test_leaving_by_cancellation_stops_everything(tmp_path: Path) -> None:
    pids: dict[str, int] = {}

    async def supervise() -> None:
        async with Supervisor(tmp_path) as supervisor:
            await supervisor.start(program(SLEEP))
            pids.update(supervisor.pids())
            await supervisor.wait()

    task = asyncio.create_task(supervise())
    await eventually(lambda: bool(pids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(pids["one"])
    assert read_endpoints(tmp_path) is None


async def test_a_second_supervisor_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    async with Supervisor(tmp_path):
        with pytest.raises(RefusedError, match=rf"process {os.getpid()}: .*--data-dir"):
            async with Supervisor(tmp_path):
                pass
    async with Supervisor(tmp_path):
        pass


async def test_a_taken_port_is_refused_with_the_option_that_changes_it(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Supervisor(tmp_path) as supervisor:
        with pytest.raises(RefusedError, match=rf"Port {port} .*--kafka-port"):
            await supervisor.start(program(SLEEP, ports=(Port(port, "--kafka-port"),)))


async def test_endpoints_say_where_things_are_while_they_run(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(program(SLEEP, "kafka", endpoint="127.0.0.1:29092"))
        await supervisor.start(program(SLEEP, "timescale", endpoint="127.0.0.1:25432"))
        found = read_endpoints(tmp_path)
        assert found
        assert (found.kafka, found.database) == ("127.0.0.1:29092", ("127.0.0.1", 25432))
        assert {name: part.pid for name, part in found.parts.items()} == supervisor.pids()
    assert read_endpoints(tmp_path) is None
    assert not (tmp_path / "endpoints.json").exists()


@pytest.mark.parametrize(
    ("deaths", "delay_s"),
    [
        pytest.param([100.0], 0.2, id="the first death"),
        pytest.param([98.0, 99.0, 100.0], 0.8, id="the third in a row"),
        pytest.param([1.0, 2.0, 100.0], 0.2, id="old deaths are forgiven"),
        pytest.param([95.0, 96.0, 97.0, 98.0, 99.0, 100.0], None, id="one too many"),
    ],
)
def test_restarts_back_off_and_end(deaths: list[float], delay_s: float | None) -> None:
    assert restart_delay_s(deaths, 100.0, RestartPolicy()) == delay_s


def test_each_start_has_a_log_of_its_own_and_few_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for number in range(5):
        child.rotate_log(log)
        log.write_text(str(number))
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["4", "3", "2"]


def test_a_log_that_grows_too_big_is_moved_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"long")
        child.bound_log(log, limit_bytes=3)
        writer.write(b"new")
    assert (log.read_text(), (tmp_path / "x.log.1").read_text()) == ("new", "long")
