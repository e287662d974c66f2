"""Things built once into the user's cache: whole or not at all, by one process at a time."""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from plantstream.embedded.checks import require_usable_dir
from plantstream.embedded.errors import ResolveError
from plantstream.embedded.waiting import until

MARKER = ".complete"
LOCK_LIMIT_S = 900.0
BETWEEN_LOCK_TRIES_S = 0.1


@dataclass(frozen=True)
class Recipe:
    """A directory `name` below the cache, what it is made of, and how to fill it."""

    name: str
    digest: str
    """Of everything that goes in; another digest means that it is built anew."""
    build: Callable[[Path], Awaitable[None]]
    """Fills an empty directory, or raises."""


async def ensure(cache: Path, recipe: Recipe) -> Path:
    """The finished directory; built first if it is missing, half done or of another digest."""
    target = cache / recipe.name
    if is_complete(target, recipe.digest):
        return target
    require_usable_dir(target.parent, "set XDG_CACHE_HOME to another directory")
    async with _one_at_a_time(target):
        if not is_complete(target, recipe.digest):
            await _build(target, recipe)
    return target


def is_complete(target: Path, digest: str) -> bool:
    """Whether the directory was finished, for this digest."""
    try:
        return (target / MARKER).read_text() == digest
    except OSError:
        return False


async def _build(target: Path, recipe: Recipe) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        await recipe.build(fresh)
        _publish(fresh, target, recipe.digest)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _publish(fresh: Path, target: Path, digest: str) -> None:
    """Mark and swap by renaming; programs that run out of the old one keep its open files."""
    (fresh / MARKER).write_text(digest)
    fresh.chmod(0o755)
    old = target.with_name(f".{target.name}-old-{os.getpid()}")
    if target.exists():
        target.replace(old)
    fresh.replace(target)
    shutil.rmtree(old, ignore_errors=True)


@asynccontextmanager
async def _one_at_a_time(target: Path) -> AsyncIterator[None]:
    path = target.with_name(f".{target.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        await _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


async def _lock(descriptor: int, path: Path) -> None:
    try:
        async with asyncio.timeout(LOCK_LIMIT_S):
            await until(lambda: _locked(descriptor), BETWEEN_LOCK_TRIES_S)
    except TimeoutError:
        raise ResolveError(
            f"Another process has held {path} for {LOCK_LIMIT_S:g} s: end it and try again."
        ) from None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
