"""Secrets, read where they are kept when they are needed; no text here says what one is."""

import os
import stat
from functools import lru_cache
from pathlib import Path

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.logs import get_logger
from schemas.plant.secrets import Secret

MOST_BYTES = 64 * 1024
"""The longest secret."""
_WARNINGS = 1024
"""Files of which is remembered that their rights were told."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

log = get_logger(__name__)


def place_of(secret: Secret) -> str:
    """Where the secret is kept, in words."""
    return f"the variable {secret.env}" if secret.env is not None else f"the file {secret.file}"


def read_secret(secret: Secret, where: str) -> str:
    """What the file or the variable holds, without one newline at its end; blocks on the disk.

    `where` says whose secret it is, as in "password of source plc".

    Raises:
        MisconfiguredError: it is missing, empty or cannot be read.
    """
    if secret.env is not None:
        held, mend = _of_variable(secret.env, where), f"set {secret.env} and start again"
    else:
        held, mend = _of_file(Path(secret.file or "").expanduser(), where), "write it there"
    try:
        text = held.decode()
    except UnicodeDecodeError:
        raise MisconfiguredError(
            f"{where}: {place_of(secret)} is no text in UTF-8: {mend}"
        ) from None
    found = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    if not found:
        raise MisconfiguredError(f"{where}: {place_of(secret)} is empty: {mend}")
    return found


def _of_variable(name: str, where: str) -> bytes:
    held = os.environ.get(name)
    if held is None:
        raise MisconfiguredError(
            f"{where}: the variable {name} is missing: set it in the environment and start again, "
            "or correct env"
        )
    return os.fsencode(held)


def _of_file(path: Path, where: str) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise MisconfiguredError(f"{where}: {path} is no file: correct file")
        with path.open("rb") as opened:
            held = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise MisconfiguredError(
            f"{where}: the file {path} cannot be read ({error.strerror}): put it there, let this "
            "user read it, or correct file"
        ) from None
    if len(held) > MOST_BYTES:
        raise MisconfiguredError(
            f"{where}: the file {path} has more than {MOST_BYTES} bytes: is it the right one?"
        )
    if found.st_mode & _OTHERS:
        _warn(path, where)
    return held


@lru_cache(_WARNINGS)
def _warn(path: Path, where: str) -> None:
    """Say it once: the cache remembers whom it was said of."""
    log.warning(
        "others may read a secret: take the right from them (chmod 600)", file=str(path), of=where
    )
