"""`plantstream alert-sender`: who may post alerts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON
from plantstream.commands.tables import print_columns

if TYPE_CHECKING:
    from plantstream.runtime.tokens import TokenFile

NAME = typer.Argument(metavar="NAME", help="What posts alerts, such as prometheus-hall-1.")
DATA = typer.Option(None, help="The data directory of `notify`, which holds alert-senders.json.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Give out and take back tokens of those who may post alerts.", no_args_is_help=True
    )
    group.command()(add)
    group.command("list")(list_)
    group.command()(remove)
    app.add_typer(group, name="alert-sender")


def add(name: str = NAME, data_dir: Path | None = DATA) -> None:
    """Make a token and print it, once: only its hash is kept."""
    from plantstream.runtime import clock

    tokens = _tokens(data_dir)
    sys.stdout.write(tokens.add(name, clock.now()) + "\n")
    told = f"token of {name} added to {tokens.path}; it is not shown again, and counts at once"
    messages.print(told, markup=False)


def list_(data_dir: Path | None = DATA, as_json: bool = AS_JSON) -> None:
    """Show whose tokens there are."""
    rows = [{"name": one.name, "created_at": one.created_at} for one in _tokens(data_dir).tokens()]
    if as_json:
        print_json(rows)
    else:
        print_columns(rows)


def remove(name: str = NAME, data_dir: Path | None = DATA) -> None:
    """Make a token worthless, at once; alerts that it has told stay until they are resolved."""
    tokens = _tokens(data_dir)
    tokens.remove(name)
    messages.print(f"token of {name} removed from {tokens.path}", markup=False)


def _tokens(data_dir: Path | None) -> "TokenFile":
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.tokens import TokenFile
    from sinks.notify.web.office import SENDERS, SENDERS_FILE

    return TokenFile((data_dir or default_data_dir()) / SENDERS_FILE, SENDERS)
