"""`plantstream alerts`: what alerts there are, and who is told."""

import typer

from plantstream.commands.alerts_route import route


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show who is told of alerts, and when somebody else is.", no_args_is_help=True
    )

    @group.callback()
    def _group() -> None:
        """Keep it a group, also with one command."""

    group.command()(route)
    app.add_typer(group, name="alerts")
