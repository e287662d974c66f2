"""`plantstream check`: whether a plant file may be used, and every mistake in it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plantstream.commands.console import complain, print_json
from plantstream.commands.options import AS_JSON
from plantstream.runtime.errors import EXIT_MISCONFIGURED

if TYPE_CHECKING:
    from schemas.plant.load import PlantFile


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    plant: Path | None = typer.Argument(
        None, metavar="PLANT", help="The plant file.", exists=True, dir_okay=False
    ),
    as_json: bool = AS_JSON,
    schema: bool = typer.Option(
        False, "--schema", help="Print the JSON Schema of plant files, for editors."
    ),
) -> None:
    """Read a plant file and show all its mistakes at once."""
    from plantstream.commands.plant_file import read_plant
    from schemas.mistakes import FileError

    if schema:
        from schemas.json_schema import plant_schema

        print_json(plant_schema())
        return
    if plant is None:
        raise typer.BadParameter("give a plant file, or --schema", param_hint="PLANT")
    try:
        counts = _counts(read_plant(plant))
    except FileError as error:
        if as_json:
            print_json(
                {"file": str(plant), "ok": False, "mistakes": list(map(_told, error.mistakes))}
            )
        else:
            complain(str(error))
        raise typer.Exit(EXIT_MISCONFIGURED) from None
    if as_json:
        print_json({"file": str(plant), "ok": True, **counts, "mistakes": []})
    else:
        version = counts.pop("version")
        parts = ", ".join(f"{number} {name}" for name, number in counts.items())
        sys.stdout.write(f"{plant}: ok, version {version}: {parts}\n")


def _counts(file: "PlantFile") -> dict[str, Any]:
    plant = file.plant
    return {
        "version": file.version,
        "equipment": len(plant.equipment),
        "sources": len(plant.sources),
        "products": len(plant.products),
        "calendars": len(plant.calendars),
    }


def _told(mistake: Any) -> dict[str, Any]:
    names = ("file", "line", "column", "key", "message", "hint")
    return {name: getattr(mistake, name) for name in names}
