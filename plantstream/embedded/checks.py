"""Refusals before anything is started: programs, ports, directory, disk."""

import asyncio
import os
import re
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from plantstream.embedded.errors import RefusedError
from plantstream.embedded.part import Port
from plantstream.embedded.waiting import until

OLDEST_JAVA = 17
OLDEST_NODE = 18
FREE_BYTES = 1024**3
HOST = "127.0.0.1"
OTHER_DATA_DIR = "choose another directory with --data-dir"
PORT_PATIENCE_S = 2.0
BETWEEN_PORT_TRIES_S = 0.1
VERSION_LIMIT_S = 20.0


async def require_java(env: Mapping[str, str] = os.environ) -> str:
    """The path of a Java of at least version 17: that of `$JAVA_HOME`, else the one on the path."""
    advice = (
        f"install Java {OLDEST_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless)"
    )
    java = _in_java_home(env) or _require_program("java", advice, env)
    version = java_version(await _output(java, "-version"))
    if version is None or version < OLDEST_JAVA:
        raise RefusedError(f"{java} is version {version or 'unknown'}: {advice}.")
    return java


async def require_node(env: Mapping[str, str] = os.environ) -> str:
    """The path of a Node of at least version 18."""
    advice = f"install Node.js {OLDEST_NODE} or newer (Debian: apt-get install nodejs)"
    node = _require_program("node", advice, env)
    version = node_version(await _output(node, "--version"))
    if version is None or version < OLDEST_NODE:
        raise RefusedError(f"{node} is version {version or 'unknown'}: {advice}.")
    return node


def require_maven(env: Mapping[str, str] = os.environ) -> str:
    """The path of `mvn`."""
    return _require_program("mvn", "install Maven (Debian: apt-get install maven)", env)


def require_npm(env: Mapping[str, str] = os.environ) -> str:
    """The path of `npm`."""
    return _require_program("npm", "install npm (Debian: apt-get install npm)", env)


def java_version(text: str) -> int | None:
    """The major version out of what `java -version` says; "1.8.0" is 8."""
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def node_version(text: str) -> int | None:
    """The major version out of what `node --version` says."""
    found = re.match(r"v(\d+)\.", text)
    return int(found[1]) if found else None


def require_usable_dir(directory: Path, otherwise: str = OTHER_DATA_DIR) -> None:
    """Make the directory if need be; refuse one that cannot be written or has no room."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".write-test-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise RefusedError(
            f"Cannot write to {directory} ({error.strerror}):"
            f" give yourself the right to, or {otherwise}."
        ) from error
    free = shutil.disk_usage(directory).free
    if free < FREE_BYTES:
        raise RefusedError(
            f"Only {free // 1024**2} MiB are free on the disk of {directory}, 1024 are needed:"
            f" make room, or {otherwise}."
        )


async def require_free_port(port: Port) -> None:
    """Refuse a port that is taken; one that a dying process is just leaving gets two seconds."""
    try:
        async with asyncio.timeout(PORT_PATIENCE_S):
            await until(lambda: port_is_free(port.number), BETWEEN_PORT_TRIES_S)
    except TimeoutError:
        raise RefusedError(
            f"Port {port.number} on {HOST} is taken by another program:"
            f" stop that one, or choose another port with {port.option}."
        ) from None


def port_is_free(number: int) -> bool:
    """Whether a listener on 127.0.0.1 could start now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, number))
            trial.listen(1)
        except OSError:
            return False
    return True


def _in_java_home(env: Mapping[str, str]) -> str | None:
    home = env.get("JAVA_HOME")
    return shutil.which(str(Path(home) / "bin" / "java")) if home else None


def _require_program(name: str, advice: str, env: Mapping[str, str]) -> str:
    found = shutil.which(name, path=env.get("PATH"))
    if found is None:
        raise RefusedError(f"The program {name} was not found: {advice}.")
    return found


async def _output(*argv: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(VERSION_LIMIT_S):
            return (await process.communicate())[0].decode(errors="replace")
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
