"""Secrets of the plant file, read where they are kept at the moment they are needed."""

import os
from pathlib import Path

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.secrets import Secret


def read_secret(secret: Secret, where: str) -> str:
    """The secret itself; never print it.

    Args:
        secret: where it is kept.
        where: what it is for, such as `channels.sms.token`; it begins the message of a mistake.

    Raises:
        MisconfiguredError: the file or the variable is missing, empty or no text.
    """
    if secret.env is not None:
        return _of_environment(secret.env, where)
    return _of_file(secret.file or "", where)


def _of_environment(name: str, where: str) -> str:
    found = os.environ.get(name, "")
    if not found:
        raise MisconfiguredError(f"{where}: set the environment variable {name}; it is empty.")
    return found


def _of_file(name: str, where: str) -> str:
    try:
        found = Path(name).expanduser().read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise MisconfiguredError(f"{where}: the secret in {name} cannot be read: {why}.") from None
    if not found:
        raise MisconfiguredError(f"{where}: write the secret into {name}; the file is empty.")
    return found
