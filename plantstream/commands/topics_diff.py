"""`plantstream topics diff`: what changed in topics, types and fields, and who stands it."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from schemas.compare import Contracts

OLD = typer.Argument(
    None,
    help="A release, a folder of contracts, an asyncapi.json, or one *.schema.json; "
    "default: the newest release.",
    show_default=False,
)
NEW = typer.Argument(None, help="What it became; default: this installation.", show_default=False)


def diff(old: str | None = OLD, new: str | None = NEW, as_json: bool = AS_JSON) -> None:
    """Compare topics, record types and their fields with a release or another installation.

    Exit 1 if a reader or writer of the one would not stand the other.
    """
    from schemas.compare import changes, of_the_code

    before = old or _releases()[-1]
    found = changes(_contracts(before), of_the_code() if new is None else _contracts(new))
    broken = sum(1 for one in found if not one.compatible)
    if as_json:
        rows = [asdict(one) for one in found]
        print_json({"old": before, "new": new, "compatible": not broken, "changes": rows})
    else:
        print_columns(
            {
                "compatible": "yes" if one.compatible else "no",
                "subject": one.subject,
                "what": one.what,
            }
            for one in found
        )
    told = f"{len(found)} changes since {before}" if found else f"the same as {before}"
    messages.print(f"{told}, {broken} of them incompatible" if found else told)
    if broken:
        raise typer.Exit(1)


def _contracts(name: str) -> "Contracts":
    """Those of a release of ours, or of files."""
    from schemas.compare import of_files
    from schemas.generate import RELEASED
    from schemas.mistakes import did_you_mean

    releases = _releases()
    path = RELEASED / name if name in releases else Path(name)
    if not path.exists():
        hint = did_you_mean(name, releases) or f"known releases: {', '.join(releases)}"
        raise typer.BadParameter(f"neither a release nor a file: {name}; {hint}")
    try:
        return of_files(path)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{name} holds no contracts: {error}") from error


def _releases() -> list[str]:
    """Releases whose contracts are kept, the newest last."""
    from schemas.generate import RELEASED

    names = [folder.name for folder in RELEASED.iterdir() if folder.is_dir()]
    return sorted(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
