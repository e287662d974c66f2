"""Plant files from the disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.runtime.errors import MisconfiguredError

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile

PLANT = typer.Option(None, help="A plant file to use as it is.", exists=True, dir_okay=False)
SITE = typer.Option(None, help="enterprise/site: follow the plant file that `apply` gave to it.")


def plant_or_site(plant: Path | None, site: str | None) -> "PlantFile | str":
    """What a service of one site is told: its plant file, or the site whose file it follows.

    Raises:
        BadParameter: neither is given, or both are.
        FileError: the plant file has mistakes.
    """
    if (plant is None) == (site is None):
        raise typer.BadParameter("give one of --plant FILE and --site ENTERPRISE/SITE")
    return read_plant(plant) if plant else str(site)


def read_plant(path: Path) -> "PlantFile":
    """The plant in this file.

    Raises:
        FileError: with all its mistakes; bytes that are no UTF-8 are one.
        MisconfiguredError: there is no such file, or it cannot be read.
    """
    from schemas.mistakes import FileError, Mistake
    from schemas.plant.load import load_plant

    try:
        content = path.read_bytes()
    except OSError as error:
        told = f"the plant file {path} cannot be read: {error.strerror}"
        raise MisconfiguredError(told) from error
    try:
        return load_plant(content.decode(), str(path))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        hint = "save the file as UTF-8"
        raise FileError([Mistake(str(path), line, column, "", "no UTF-8", hint)]) from None
