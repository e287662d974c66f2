"""Peers of tests that come by npm: `tests/peers/<name>` with a lock, installed into the cache."""

import asyncio
import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plantstream.embedded.cache import Recipe, ensure
from plantstream.embedded.places import cache_dir

PEERS = Path(__file__).parent / "peers"
_FILES = ("package.json", "package-lock.json")


def installed(name: str) -> Path:
    """The folder that has the `node_modules` of this peer; a test without npm is skipped."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip(f"npm is missing: the peer {name} cannot be installed")
    with ThreadPoolExecutor(1) as pool:  # a loop may run here already
        return pool.submit(lambda: asyncio.run(_ensured(name))).result()


async def _ensured(name: str) -> Path:
    digest = hashlib.sha256()
    for file in _FILES:
        digest.update((PEERS / name / file).read_bytes())
    wanted = json.loads((PEERS / name / "package.json").read_bytes())["dependencies"]
    (version,) = wanted.values()

    async def install(directory: Path) -> None:
        await _install(name, directory)

    return await ensure(cache_dir(), Recipe(f"{name}-{version}", digest.hexdigest(), install))


async def _install(name: str, directory: Path) -> None:
    for file in _FILES:
        shutil.copyfile(PEERS / name / file, directory / file)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
    done = await asyncio.create_subprocess_exec(
        *("npm", "ci", *options),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await done.wait() != 0:
        raise AssertionError(f"npm ci failed for tests/peers/{name}")
