"""Options that mean the same in several commands."""

import typer

DATA_DIR = typer.Option(None, help="Data directory of the `up` whose parts are meant.")
AS_JSON = typer.Option(False, "--json", help="JSON on stdout.")
ACTOR = typer.Option(
    ...,
    "--as",
    help="Your name in full (no id is looked up), as it shall stand in the audit trail.",
)
REASON = typer.Option(..., help="Why, as it shall stand in the audit trail.")
SITE = typer.Option(None, help="enterprise/site; default: that of the published plant file.")
LISTEN = typer.Option(
    "127.0.0.1",
    help="Address of /live, /ready and /metrics; others than loopback need a token "
    "(PLANTSTREAM_HTTP_TOKEN_FILE).",
)
