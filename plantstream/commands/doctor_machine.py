"""What the doctor looks at on this machine: programs that `up` needs, Python, disk."""

import asyncio
import platform
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from plantstream.commands.findings import Finding, fail, ok, warn
from plantstream.embedded import checks
from plantstream.embedded.errors import RefusedError

LEAST_FREE_BYTES = checks.FREE_BYTES
COMFORTABLE_BYTES = 5 * LEAST_FREE_BYTES
MAKE_ROOM = "make room, or choose another directory with --data-dir"
_STYLING = re.compile(r"\x1b\[[0-9;]*m")


async def java_findings() -> Sequence[Finding]:
    """Java runs the embedded Kafka."""
    return [await _program("java", checks.require_java(), "-version")]


async def node_findings() -> Sequence[Finding]:
    """Node runs the embedded TimescaleDB."""
    return [await _program("node", checks.require_node(), "--version")]


async def maven_findings() -> Sequence[Finding]:
    """Maven fetches Kafka, once."""
    return [await _fetcher("mvn", checks.require_maven)]


async def npm_findings() -> Sequence[Finding]:
    """Npm fetches TimescaleDB, once."""
    return [await _fetcher("npm", checks.require_npm)]


def python_finding() -> Finding:
    """What this command runs on."""
    return ok("python", f"{platform.python_version()}, plantstream {version('plantstream')}")


def disk_finding(data_dir: Path, free: int | None = None) -> Finding:
    """Room for topics, tables, spool and logs."""
    directory = next(one for one in (data_dir, *data_dir.parents) if one.exists())
    left = shutil.disk_usage(directory).free if free is None else free
    what = f"{left / 1024**3:.1f} GiB free for {data_dir}"
    if left < LEAST_FREE_BYTES:
        return fail("disk", what, MAKE_ROOM)
    if left < COMFORTABLE_BYTES:
        return warn("disk", what, MAKE_ROOM)
    return ok("disk", what)


async def _program(name: str, found: Awaitable[str], option: str) -> Finding:
    try:
        path = await found
    except RefusedError as error:
        what, _, advice = str(error).partition(": ")
        return fail(name, what, advice)
    return ok(name, await _version(path, option))


async def _fetcher(name: str, require: Callable[[], str]) -> Finding:
    try:
        path = require()
    except RefusedError as error:
        what, _, advice = str(error).partition(": ")
        return warn(name, f"{what} It is needed once, to fetch a part", advice)
    return ok(name, await _version(path, "--version"))


async def _version(path: str, option: str) -> str:
    """The first line of what the program says of itself, and where it is."""
    process = await asyncio.create_subprocess_exec(
        path, option, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = _STYLING.sub("", output.decode(errors="replace"))
    lines = [line for line in said.splitlines() if any(map(str.isdigit, line))]
    return f"{lines[0].strip() if lines else 'unknown version'} ({path})"
