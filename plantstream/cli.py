"""The command `plantstream`: one module per command, wired here."""

import sys

import typer

from plantstream.commands import LazyGroup, register
from plantstream.runtime.errors import (
    EXIT_FAILED,
    EXIT_MISCONFIGURED,
    MisconfiguredError,
    PlantstreamError,
)
from schemas.mistakes import FileError

app = typer.Typer(
    name="plantstream",
    cls=LazyGroup,
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
        _end(error, EXIT_MISCONFIGURED)
    except PlantstreamError as error:
        _end(error, EXIT_FAILED)


def _end(error: Exception, code: int) -> None:
    from plantstream.commands.console import complain

    complain(str(error))
    sys.exit(code)
