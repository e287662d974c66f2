"""`plantstream notify`: notifications to people, and what people answer."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plantstream.commands.options import LISTEN
from plantstream.commands.plant_file import PLANT, SITE, plant_or_site
from plantstream.commands.process import SLOT

if TYPE_CHECKING:
    from plantstream.runtime.http_server import Listening

OWNER = "pages and webhooks (--web-port, --web-listen, --web-certificate, --web-key)"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(notify)


def notify(
    plant: Path | None = PLANT,
    site: str | None = SITE,
    data_dir: Path | None = typer.Option(
        None, help="Where keys of links and tokens of senders are kept."
    ),
    web_listen: str = typer.Option(
        "127.0.0.1", help="Address of pages and webhooks; others than loopback need TLS."
    ),
    web_port: int = typer.Option(28084, min=0, max=65_535, help="Port of pages and webhooks."),
    web_certificate: str | None = typer.Option(
        None, help="File of the certificate chain (PEM) of pages and webhooks."
    ),
    web_key: str | None = typer.Option(None, help="File of its private key (PEM)."),
    web_client_ca: str | None = typer.Option(
        None, help="File of the authorities (PEM) of senders of alerts that show a certificate."
    ),
    listen: str = LISTEN,
    port: int = typer.Option(28085, help="Port of /live, /ready and /metrics."),
    slot: str = SLOT,
) -> None:
    """Tell people what plant.notification.v1 says, each message once."""
    from plantstream.commands.connection import kafka_settings, page_token
    from plantstream.embedded.places import default_data_dir
    from plantstream.runtime.http_server import Listening
    from plantstream.runtime.service import run_service
    from sinks.notify.service import NotifyOptions, run_notify

    followed = plant_or_site(plant, site)
    web = Listening(web_listen, web_port, web_certificate, web_key, web_client_ca, OWNER)
    _must_be_private(web)
    settings = kafka_settings(data_dir)
    options = NotifyOptions(followed, data_dir or default_data_dir(), web, slot)
    token = page_token()
    raise typer.Exit(
        run_service("notify", lambda one: run_notify(one, options, settings), listen, port, token)
    )


def _must_be_private(web: "Listening") -> None:
    from plantstream.runtime.http_guard import is_loopback

    if (web.certificate is None) != (web.private_key is None):
        raise typer.BadParameter("--web-certificate and --web-key go together")
    if web.certificate is not None:
        return
    if web.client_ca is not None:
        raise typer.BadParameter("--web-client-ca needs --web-certificate and --web-key")
    if not is_loopback(web.listen):
        raise typer.BadParameter(
            "needs --web-certificate and --web-key: links and tokens would be readable",
            param_hint="--web-listen",
        )
