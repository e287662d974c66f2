"""One child process: it cannot outlive us, ends in order, and its log stays small."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
KEPT_LOGS = 3
TAIL_BYTES = 8192
TAIL_LINES = 15


async def spawn(
    argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own, both outputs appended to `log`.

    The kernel kills it when the calling *thread* ends, so call this from the thread that
    lives as long as the program shall, usually the main one.
    """
    with _open_log(log) as output:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
        )


async def run(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a program to its end and give its exit code; it is killed when we are cancelled."""
    process = await spawn(argv, log, env)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            await end(process, stop_s=0)


async def end(process: asyncio.subprocess.Process, stop_s: float) -> None:
    """Ask the program and its children to end, and kill what is left after `stop_s` seconds."""
    try:
        if process.returncode is None and stop_s > 0:
            _signal_group(process.pid, signal.SIGTERM)
            async with asyncio.timeout(stop_s):
                await process.wait()
    except TimeoutError:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()


def rotate_log(log: Path) -> None:
    """Move `x.log` to `x.log.1` and so on, so that a start begins with an empty file."""
    for number in range(KEPT_LOGS - 1, 0, -1):
        older, newer = _numbered(log, number), _numbered(log, number - 1)
        if newer.exists():
            newer.replace(older)


def bound_log(log: Path, limit_bytes: int) -> None:
    """Copy a log that has grown too big aside and empty it; its writer appends on."""
    if log.exists() and log.stat().st_size > limit_bytes:
        with suppress(OSError):  # on a full disk the room counts more than the old lines
            shutil.copyfile(log, _numbered(log, 1))
        os.truncate(log, 0)


def log_tail(log: Path) -> str:
    """The last lines of a log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def _open_log(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}") if number else log


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def die_with(parent: int) -> Callable[[], None] | None:
    """Run in the child before its program: the kernel kills it when the parent thread is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        failed = prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0
        # The parent may have died before the line above; then nobody would ever kill us.
        if failed or os.getppid() != parent:
            os._exit(127)

    return bind
