"""The keys that links are signed with: made on the first start, kept where only we can read."""

import os
import secrets
from pathlib import Path

from plantstream.runtime.errors import MisconfiguredError

FILE = "link-keys"
_BYTES = 32
_SHORTEST = 32
"""Characters of a key that a person wrote."""


def keys_of(text: str, where: str) -> tuple[bytes, ...]:
    """One key a line, the newest last: it signs, and all of them count.

    Raises:
        MisconfiguredError: there is none, or one is too short to be a secret.
    """
    keys = tuple(line.strip().encode() for line in text.splitlines() if line.strip())
    if not keys or any(len(one) < _SHORTEST for one in keys):
        raise MisconfiguredError(
            f"{where} needs keys of {_SHORTEST} characters or more, one a line, the newest last: "
            "write such a line (openssl rand -hex 32), or delete the file to have one made"
        )
    return keys


def key_file(folder: Path) -> tuple[bytes, ...]:
    """The keys in the data directory; the first one is made here. Old links count after a restart.

    Raises:
        MisconfiguredError: the file cannot be made or read, or it holds no keys.
    """
    path = folder / FILE
    try:
        if not path.exists():
            _make(path)
        return keys_of(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise MisconfiguredError(f"the keys of links in {path} cannot be had: {why}") from error


def _make(path: Path) -> None:
    """Whole or not at all: a process that dies here leaves no half of a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
