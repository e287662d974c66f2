"""`plantstream lab-token`: who may state things at a laboratory interface."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from plantstream.runtime.tokens import TokenFile

NAME = typer.Argument(metavar="NAME", help="Whose it is: a person or an instrument.")
DATA = typer.Option(None, help="The edge's data directory, which holds lab-tokens.json.")
FILE = typer.Option(None, help="The file, where the plant file names one as `tokens`.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Give out and take back tokens of laboratory interfaces.", no_args_is_help=True
    )
    group.command()(add)
    group.command("list")(list_)
    group.command()(remove)
    app.add_typer(group, name="lab-token")


def add(name: str = NAME, data_dir: Path | None = DATA, file: Path | None = FILE) -> None:
    """Make a token and print it, once: only its hash is kept."""
    from plantstream.runtime import clock

    tokens = _tokens(data_dir, file)
    sys.stdout.write(tokens.add(name, clock.now()) + "\n")
    told = f"token of {name} added to {tokens.path}; it is not shown again, and counts at once"
    messages.print(told, markup=False)


def list_(data_dir: Path | None = DATA, file: Path | None = FILE, as_json: bool = AS_JSON) -> None:
    """Show whose tokens there are."""
    rows = [
        {"name": one.name, "created_at": one.created_at} for one in _tokens(data_dir, file).tokens()
    ]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)


def remove(name: str = NAME, data_dir: Path | None = DATA, file: Path | None = FILE) -> None:
    """Make a token worthless, at once."""
    tokens = _tokens(data_dir, file)
    tokens.remove(name)
    messages.print(f"token of {name} removed from {tokens.path}", markup=False)


def _tokens(data_dir: Path | None, file: Path | None) -> "TokenFile":
    from ingest.inputs.lab.tokens import FILE as NAMED, lab_tokens
    from plantstream.embedded.places import default_data_dir

    return lab_tokens(file or (data_dir or default_data_dir()) / NAMED)
