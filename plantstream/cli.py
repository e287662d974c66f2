"""The command `plantstream`: one module per command, wired here."""

import sys

import typer

from plantstream.commands import register
from plantstream.commands.console import complain
from plantstream.runtime.errors import MisconfiguredError, PlantstreamError
from schemas.yaml_file import FileError

app = typer.Typer(
    name="plantstream",
    help="Event streaming for factories: what machines say, as numbers that people can trust.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
register(app)


def main() -> None:
    """Run the command line; an error we understand is one sentence and an exit code."""
    try:
        app()
    except (MisconfiguredError, FileError) as error:
        complain(str(error))
        sys.exit(78)
    except PlantstreamError as error:
        complain(str(error))
        sys.exit(1)
