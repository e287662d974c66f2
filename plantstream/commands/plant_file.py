"""Plant files from the disk."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile


def read_plant(path: Path) -> "PlantFile":
    """The plant in this file.

    Raises:
        FileError: with all its mistakes; bytes that are no UTF-8 are one.
    """
    from schemas.mistakes import FileError, Mistake
    from schemas.plant.load import load_plant

    content = path.read_bytes()
    try:
        return load_plant(content.decode(), str(path))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        hint = "save the file as UTF-8"
        raise FileError([Mistake(str(path), line, column, "", "no UTF-8", hint)]) from None
