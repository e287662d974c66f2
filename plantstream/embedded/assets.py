"""The files that ship inside the package: build files, checksums and the database server."""

import hashlib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path


def asset(name: str) -> bytes:
    """The bytes of `assets/<name>`, found wherever the package is installed."""
    return (resources.files("plantstream.embedded") / "assets" / name).read_bytes()


def copy_assets(names: Iterable[str], directory: Path) -> None:
    """Write the named assets into an existing directory, without their folders."""
    for name in names:
        (directory / Path(name).name).write_bytes(asset(name))


def digest_of(names: Iterable[str]) -> str:
    """One SHA-256 over the named assets: other bytes, another digest."""
    total = hashlib.sha256()
    for name in names:
        total.update(hashlib.sha256(asset(name)).digest())
    return total.hexdigest()
