"""`plantstream alerts show`: everything that is known of one alert."""

import sys
from pathlib import Path

import typer

from plantstream.commands.console import messages, print_json
from plantstream.commands.options import AS_JSON, DATA_DIR
from plantstream.commands.tables import print_columns, printable


def show(
    alert: str = typer.Argument(
        metavar="ID", help="Code, fingerprint or how it begins, Hot, or 'Hot{equipment=press}'."
    ),
    site: str | None = typer.Option(None, help="enterprise/site; default: all sites."),
    data_dir: Path | None = DATA_DIR,
    as_json: bool = AS_JSON,
) -> None:
    """Show all that is known of an alert: who was told, what was done, and what comes next."""
    from plantstream.commands.alert_dossier import dossier
    from plantstream.commands.alert_story import facts, past, tellings
    from plantstream.commands.alert_view import document
    from plantstream.commands.connection import kafka_settings
    from plantstream.commands.running import run_async
    from plantstream.runtime import clock

    found = run_async(dossier(kafka_settings(data_dir), alert, site))
    if as_json:
        said = {
            "tellings": tellings(found, None),
            "history": past(found, None),
            "silences": [one.document(clock.now()) for one in found.silences],
        }
        print_json(document(found.status) | said)
        return
    for name, text in facts(found, clock.now()):
        sys.stdout.write(f"{name:12} {printable(text)}\n")
    for title, rows in (
        ("told", tellings(found, found.zone)),
        ("history", past(found, found.zone)),
    ):
        sys.stdout.write(f"\n{title}\n" if rows else "")
        print_columns(rows)
    if not found.notifications and not found.status.told:
        messages.print("nobody was told of it")
