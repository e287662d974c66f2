"""Ways to reach people: one kind of settings per provider; secrets are named, never written."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.plant.alerts.people import Email, Person
from schemas.plant.alerts.rules import Language
from schemas.plant.secrets import Secret
from schemas.plant.times import Span
from schemas.plant.values import Name, Strict

Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=500)]


class Limited(Strict):
    """What every channel has."""

    most_per_s: float = Field(default=10.0, gt=0)
    """Messages; the provider's own limit."""
    timeout: Span = timedelta(seconds=10)
    """How long an answer of the provider is waited for."""
    fallback: list[Name] = Field(default_factory=list)
    """Channels to be tried where this one does not deliver."""


class EmailChannel(Limited):
    """E-mail by SMTP."""

    type: Literal["email"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    sender: Email
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    ca_file: str | None = None


class TwilioChannel(Limited):
    """SMS or WhatsApp by Twilio."""

    type: Literal["twilio_sms", "twilio_whatsapp"]
    account: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    token: Secret
    sender: str = Field(min_length=1)
    """A number, or the id of a messaging service (`MG…`)."""
    templates: dict[Language, str] = Field(default_factory=dict)
    """WhatsApp: ids of approved content templates (`HX…`), used outside of the 24-hour window."""
    endpoint: Url = "https://api.twilio.com"


class SnsChannel(Limited):
    """SMS by AWS SNS."""

    type: Literal["sns"]
    region: str
    sender_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,11}$")
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    endpoint: Url | None = None


class WhatsAppTemplate(Strict):
    """An approved template, as Meta's console shows it."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    parameters: list[str] = Field(default_factory=list, max_length=20)
    """What stands for {{1}}, {{2}}, …: `summary`, `severity`, `equipment`, `value`, `link`, …"""


class WhatsAppChannel(Limited):
    """WhatsApp by Meta's Cloud API."""

    type: Literal["whatsapp"]
    phone_number_id: str = Field(pattern=r"^[0-9]+$")
    token: Secret
    app_secret: Secret | None = None
    """Signs what Meta sends to us."""
    verify_token: Secret | None = None
    templates: dict[Language, WhatsAppTemplate] = Field(min_length=1)
    endpoint: Url = "https://graph.facebook.com/v23.0"


class SlackChannel(Limited):
    """A Slack channel, by incoming webhook."""

    type: Literal["slack"]
    url: Secret
    language: Language = "en"


class PagerDutyChannel(Limited):
    """A PagerDuty service, by Events API v2."""

    type: Literal["pagerduty"]
    routing_key: Secret
    webhook_secret: Secret | None = None
    """Signs what PagerDuty sends to us when somebody acknowledges there."""
    endpoint: Url = "https://events.pagerduty.com"


class TeamsChannel(Limited):
    """A Microsoft Teams channel, by a Workflows URL."""

    type: Literal["teams"]
    url: Secret
    language: Language = "en"


class WebhookChannel(Limited):
    """Any HTTP endpoint."""

    type: Literal["webhook"]
    url: Url
    headers: dict[str, str | Secret] = Field(default_factory=dict)
    payload: str | None = Field(default=None, max_length=20_000)
    """Jinja template of the body; empty is the notification as JSON."""
    hmac: Secret | None = None
    """Key of the SHA-256 in `X-Plantstream-Signature`."""
    language: Language = "en"


class AppriseChannel(Limited):
    """Everything else that Apprise knows; it says only whether it went well."""

    type: Literal["apprise"]
    url: Secret
    language: Language = "en"


Channel = Annotated[
    EmailChannel
    | TwilioChannel
    | SnsChannel
    | WhatsAppChannel
    | SlackChannel
    | PagerDutyChannel
    | TeamsChannel
    | WebhookChannel
    | AppriseChannel,
    Field(discriminator="type"),
]
PERSONAL = frozenset({"email", "twilio_sms", "twilio_whatsapp", "sns", "whatsapp"})
"""Channels that reach one person at an address of theirs; the others are endpoints."""


def address_of(channel: Channel, person: Person) -> str | None:
    """Where a person is reached on this channel; None where they cannot be."""
    if channel.type == "email":
        return person.email
    if channel.type in {"whatsapp", "twilio_whatsapp"}:
        return person.whatsapp or person.phone
    return person.phone
