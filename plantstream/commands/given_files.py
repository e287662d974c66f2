"""Files that a command is told to write."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer


@contextmanager
def writing(path: Path, option: str) -> Iterator[None]:
    """Around what writes to this path.

    Raises:
        typer.BadParameter: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        told = f"{path} cannot be written: {error.strerror}"
        raise typer.BadParameter(told, param_hint=option) from error
