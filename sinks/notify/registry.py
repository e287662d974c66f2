"""The channel types by the name that a plant file gives them; the only place that imports them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.secrets import read_secret
from schemas.plant.alerts.channels import Channel as Settings
from schemas.plant.secrets import Secret
from sinks.notify.http import Poster
from sinks.notify.message import Channel, Kind

KINDS: dict[str, Kind] = {
    "apprise": Kind.APPRISE,
    "email": Kind.EMAIL,
    "pagerduty": Kind.PAGERDUTY,
    "slack": Kind.SLACK,
    "sns": Kind.SMS,
    "teams": Kind.TEAMS,
    "twilio_sms": Kind.SMS,
    "twilio_whatsapp": Kind.WHATSAPP,
    "webhook": Kind.WEBHOOK,
    "whatsapp": Kind.WHATSAPP,
}
"""What words each type carries; for previews, without importing any provider."""
_WHERE = "channels."
_EXTRAS = {"sns": "sns"}
_OURS = frozenset({"sinks", "plantstream", "schemas"})


@dataclass(frozen=True, slots=True)
class Means:
    """What channels share."""

    session: aiohttp.ClientSession
    is_open: Callable[[str], bool]
    """Whether a number wrote to us within WhatsApp's 24 hours."""
    status_url: Callable[[str], str | None] = lambda _: None
    """Where a provider says what became of the messages of a channel; None where it cannot."""


Builder = Callable[[Any, str, Means], Channel]


def _email(settings: Any, where: str, _: Means) -> Channel:
    from sinks.notify.channels.email import EmailSender, tls_of

    return EmailSender(
        settings, _optional(settings.password, f"{where}.password"), tls_of(settings, where)
    )


def _twilio(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.twilio import twilio_sender

    token = read_secret(settings.token, f"{where}.token")
    status_url = means.status_url(where.removeprefix(_WHERE))
    return twilio_sender(settings, token, means.session, means.is_open, status_url)


def _sns(settings: Any, where: str, _: Means) -> Channel:
    from sinks.notify.channels.sns import SnsSender

    key_id = _optional(settings.access_key_id, f"{where}.access_key_id")
    return SnsSender(
        settings, key_id, _optional(settings.secret_access_key, f"{where}.secret_access_key")
    )


def _whatsapp(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.whatsapp import WhatsAppSender

    token = read_secret(settings.token, f"{where}.token")
    return WhatsAppSender(settings, token, _poster(settings, means), means.is_open)


def _slack(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.slack import slack_sender

    url = read_secret(settings.url, f"{where}.url")
    return slack_sender(url, means.session, settings.timeout.total_seconds())


def _pagerduty(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.pagerduty import PagerDutySender

    key = read_secret(settings.routing_key, f"{where}.routing_key")
    return PagerDutySender(settings, key, _poster(settings, means))


def _teams(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.teams import TeamsSender

    return TeamsSender(read_secret(settings.url, f"{where}.url"), _poster(settings, means))


def _webhook(settings: Any, where: str, means: Means) -> Channel:
    from sinks.notify.channels.webhook import WebhookSender

    headers = {
        name: read_secret(one, f"{where}.headers.{name}") if isinstance(one, Secret) else one
        for name, one in settings.headers.items()
    }
    key = _optional(settings.hmac, f"{where}.hmac")
    return WebhookSender(settings.url, headers, key, _poster(settings, means))


def _apprise(settings: Any, where: str, _: Means) -> Channel:
    from sinks.notify.channels.apprise import apprise_sender

    url = read_secret(settings.url, f"{where}.url")
    return apprise_sender(url, settings.timeout.total_seconds(), where)


CHANNELS: dict[str, Builder] = {
    "apprise": _apprise,
    "email": _email,
    "pagerduty": _pagerduty,
    "slack": _slack,
    "sns": _sns,
    "teams": _teams,
    "twilio_sms": _twilio,
    "twilio_whatsapp": _twilio,
    "webhook": _webhook,
    "whatsapp": _whatsapp,
}
"""Each imports its library when it is used: a plant needs those of its own channels."""


def build_channels(settings: Mapping[str, Settings], means: Means) -> dict[str, Channel]:
    """The channels of a plant file by name; nothing is connected yet.

    Raises:
        MisconfiguredError: a secret or a certificate cannot be read, or a library is missing.
    """
    built: dict[str, Channel] = {}
    for name, one in settings.items():
        with _installed(name, one.type):
            built[name] = CHANNELS[one.type](one, f"{_WHERE}{name}", means)
    return built


def _optional(secret: Secret | None, where: str) -> str | None:
    return None if secret is None else read_secret(secret, where)


def _poster(settings: Any, means: Means) -> Poster:
    return Poster(means.session, settings.timeout.total_seconds())


@contextmanager
def _installed(name: str, kind: str) -> Iterator[None]:
    """Say which channel needs what is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        raise MisconfiguredError(
            f"channels.{name} (type {kind}) needs {error.name}, which is not installed: "
            f"pip install 'plantstream[{_EXTRAS.get(kind, 'notify')}]'"
        ) from error
