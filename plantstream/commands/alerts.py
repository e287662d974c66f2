"""`plantstream alerts`: what the alert rules of a plant file make of events."""

import typer

from plantstream.commands.alerts_try import try_rules


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Try alert rules on recorded events.", no_args_is_help=True)
    group.command("test")(try_rules)
    app.add_typer(group, name="alerts")
