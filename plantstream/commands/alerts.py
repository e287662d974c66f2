"""`plantstream alerts`: what fires, who takes care of it, and who is told."""

import typer

from plantstream.commands.alerts_answer import ack, snooze, unack
from plantstream.commands.alerts_list import list_
from plantstream.commands.alerts_route import route
from plantstream.commands.alerts_show import show
from plantstream.commands.alerts_try import try_rules


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="See alerts and answer them; show who would be told; try rules on recorded events.",
        no_args_is_help=True,
    )
    group.command("list")(list_)
    for command in (show, ack, unack, snooze, route):
        group.command()(command)
    group.command("test")(try_rules)
    app.add_typer(group, name="alerts")
