"""`plantstream alerts`: who is told of alerts, and what the rules make of events."""

import typer

from plantstream.commands.alerts_route import route
from plantstream.commands.alerts_try import try_rules


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Show who is told of alerts and when; try alert rules on recorded events.",
        no_args_is_help=True,
    )
    group.command()(route)
    group.command("test")(try_rules)
    app.add_typer(group, name="alerts")
