"""Prism: validating mocks of the providers' own specifications, as processes."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from plantstream.embedded.cache import Recipe, ensure
from plantstream.embedded.checks import HOST
from plantstream.embedded.places import cache_dir
from tests.parts import free_port

VERSION = "5.14.2"
READY_WITHIN_S = 180.0
_ROOT = Path(__file__).parents[4]
_PEER = _ROOT / "tests" / "peers" / "prism"
_SPECS = _ROOT.parent / "shared" / "specs"


@contextmanager
def mock(spec, directory, prefix=""):
    """The address of a mock of this specification, whose paths begin with the prefix."""
    file = _SPECS / spec
    if not file.exists():
        pytest.skip(f"{spec} is missing beside the project")
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is missing: prism cannot be installed")
    if prefix:
        said = json.loads(file.read_text("utf-8"))
        said["paths"] = {prefix + path: one for path, one in said["paths"].items()}
        file = directory / spec
        file.write_text(json.dumps(said), "utf-8")
    script = _in_a_thread(_installed) / "node_modules/@stoplight/prism-cli/dist/index.js"
    port = free_port()
    command = ["node", script, "mock", "-h", HOST, "-p", str(port), "--errors", file]
    with (directory / f"{spec}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        address = f"http://{HOST}:{port}"
        _wait(process, address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait(process, address):
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        assert process.poll() is None, "prism ended"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("prism does not answer")


def _in_a_thread(work):
    """The result of a coroutine, whether or not a loop runs here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


async def _installed():
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((_PEER / name).read_bytes())
    return await ensure(cache_dir(), Recipe(f"prism-{VERSION}", digest.hexdigest(), _install))


async def _install(directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(_PEER / name, directory / name)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(directory))
    done = await asyncio.create_subprocess_exec(
        "npm", "ci", *options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if await done.wait() != 0:
        raise AssertionError("npm ci failed for tests/peers/prism")
