"""One supervisor per data directory: an advisory lock that dies with the process that holds it."""

import asyncio
import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

from plantstream.embedded.errors import RefusedError

LOCK_NAME = "lock"
ATTEMPTS = 10
BETWEEN_ATTEMPTS_S = 0.05


class DataDirLock:
    """The lock on a data directory; the file holds the pid and is as old as the holder."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    @property
    def since(self) -> datetime:
        """When the lock was taken."""
        return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)

    def release(self) -> None:
        """Let others in; the file stays."""
        os.close(self._descriptor)


async def acquire(data_dir: Path) -> DataDirLock:
    """Take the lock, or say who holds it; half a second of tries, as readers hold it too."""
    path = data_dir / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(ATTEMPTS):
        if _try(descriptor, fcntl.LOCK_EX):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            return DataDirLock(descriptor, path)
        await asyncio.sleep(BETWEEN_ATTEMPTS_S)
    os.close(descriptor)
    raise RefusedError(
        f"{data_dir} is in use by process {_written_pid(path)}:"
        " stop that one, or choose another directory with --data-dir."
    )


def holder(data_dir: Path) -> int | None:
    """The pid of the live process that holds the directory, or None."""
    path = data_dir / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try(descriptor, fcntl.LOCK_SH) else _written_pid(path)
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written_pid(path: Path) -> int | None:
    text = path.read_text().strip()
    return int(text) if text.isdigit() else None
