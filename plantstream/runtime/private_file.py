"""Files that only their owner reads, replaced whole or not at all."""

import os
import secrets
from pathlib import Path

from plantstream.runtime.errors import MisconfiguredError


def replace_file(path: Path, text: str) -> None:
    """Write the file anew, with mode 0600; on disk on return.

    Raises:
        MisconfiguredError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as to:
            to.write(text)
            to.flush()
            os.fsync(to.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise MisconfiguredError(f"{path} cannot be written: {error.strerror}") from error
