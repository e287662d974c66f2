"""`python -m schemas.generate` writes what is made from the models: JSON Schema, AsyncAPI, a page.

`--release NAME` also keeps today's promises under `schemas/released/NAME/`: from then on a
change that its readers would not stand fails the tests.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.asyncapi import asyncapi_document, schema_file
from schemas.json_schema import plant_schema, record_schema, record_types
from schemas.plant_page import plant_page

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
RELEASED = HERE / "released"
ASYNCAPI = "asyncapi.json"
PAGE = HERE.parent / "docs" / "plant-file.md"


def contracts() -> dict[str, str]:
    """Name and text of every generated file."""
    return released_contracts() | {"plant.schema.json": _text(plant_schema())}


def record_contracts() -> dict[str, str]:
    """Name and text of the schema of every record type."""
    types = record_types()
    return {schema_file(name): _text(record_schema(kind)) for name, kind in types.items()}


def released_contracts() -> dict[str, str]:
    """Name and text of what a release promises: the records, and the topics they are on."""
    return record_contracts() | {ASYNCAPI: _text(asyncapi_document())}


def write(texts: dict[str, str], folder: Path) -> None:
    """Make the folder hold these files; other schemas in it go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument(
        "--release", metavar="NAME", help="also keep what a reader relies on as NAME"
    )
    release = parser.parse_args(arguments).release
    write(contracts(), GENERATED)
    PAGE.write_text(plant_page(), encoding="utf-8")
    sys.stdout.write(f"{GENERATED.relative_to(HERE.parent)}: {len(contracts())} files\n")
    if release:
        write(released_contracts(), RELEASED / release)
        sys.stdout.write(f"{(RELEASED / release).relative_to(HERE.parent)}: kept\n")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
