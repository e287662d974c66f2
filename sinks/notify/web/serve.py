"""The interface as one piece of work: it reads what is known, then answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from plantstream.runtime.http_metrics import HttpMetrics
from plantstream.runtime.http_server import Listening, Serving, serving
from schemas.alerts import AlertTransition
from schemas.plant.alerts.channels import (
    Channel,
    PagerDutyChannel,
    TwilioChannel,
    WhatsAppChannel,
)
from schemas.plant.model import Plant
from schemas.plant.secrets import Secret
from sinks.notify.web.acknowledge import PATH
from sinks.notify.web.app import create_app
from sinks.notify.web.follow import Log, keep_board
from sinks.notify.web.links import Links
from sinks.notify.web.office import ChannelSecrets, Office

SERVICE = "notify"
"""What the interface is called in the metrics of HTTP."""
ReadSecret = Callable[[Secret, str], str]
"""The secret itself, and the key of the plant file that a mistake is told with."""


@dataclass(frozen=True, slots=True)
class Web:
    """The interface while it answers."""

    server: Serving
    keeping: "asyncio.Task[None]"
    """Follows what is known of alerts."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.server.url

    async def ended(self) -> None:
        """Return when it answers no longer.

        Raises:
            ExceptionGroup: why it no longer hears what is said of alerts.
        """
        answering = asyncio.create_task(self.server.ended())
        try:
            either = {answering, self.keeping}
            done, _ = await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            answering.cancel()
        for task in done:
            task.result()


@asynccontextmanager
async def serving_web(
    office: Office, log: Log, at: Listening, http: HttpMetrics
) -> AsyncIterator[Web]:
    """Answer while the block runs; until the board is complete with 503.

    Raises:
        MisconfiguredError: a port, a certificate or a topic needs a person.
    """
    app = http.measured(create_app(office), SERVICE)
    keeping = asyncio.create_task(keep_board(office.board, log), name="board of alerts")
    try:
        async with serving(app, at) as server:
            yield Web(server, keeping)
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})  # Whoever waited for its end has heard why.
        await office.publisher.close()


def link_to(
    links: Links, plant: Plant, now: Callable[[], datetime]
) -> Callable[[AlertTransition, str], str | None]:
    """What gives the address under which this recipient acknowledges this alert.

    It gives None where the plant file has no `external_url`.
    """
    alerts = plant.alerts

    def made(alert: AlertTransition, recipient: str) -> str | None:
        if alerts is None or alerts.external_url is None:
            return None
        expires_at = now() + alerts.link_expires
        token = links.sign(alert.fingerprint, alert.starts_at, recipient, expires_at)
        return alerts.external_url.rstrip("/") + PATH.format(token=token)

    return made


def channel_secrets(channels: Mapping[str, Channel], read: ReadSecret) -> dict[str, ChannelSecrets]:
    """What providers sign with, of the channels that are reached from outside.

    Raises:
        MisconfiguredError: a secret cannot be read.
    """
    found: dict[str, ChannelSecrets] = {}
    for name, one in channels.items():

        def of(secret: Secret | None, key: str, name: str = name) -> str | None:
            return None if secret is None else read(secret, f"channels.{name}.{key}")

        match one:
            case TwilioChannel():
                found[name] = ChannelSecrets(token=of(one.token, "token"))
            case WhatsAppChannel():
                app, verify = of(one.app_secret, "app_secret"), of(one.verify_token, "verify_token")
                found[name] = ChannelSecrets(app_secret=app, verify_token=verify)
            case PagerDutyChannel():
                found[name] = ChannelSecrets(
                    webhook_secret=of(one.webhook_secret, "webhook_secret")
                )
            case _:
                pass
    return found
