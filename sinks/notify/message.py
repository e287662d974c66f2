"""A message as a channel carries it, what a provider answers, and the contract of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from plantstream.runtime.errors import RejectedError, UnavailableError
from schemas.alerts import Severity, Why
from schemas.plant.alerts.rules import Language

LOOK_AGAIN_S = 2.0
"""A plant file that others go by already is here about so soon."""


class TemporaryError(UnavailableError):
    """The provider does not take it now.

    `retry_after` is how many seconds it asks for; `unclear` is True where it may have taken it.
    """

    def __init__(self, detail: str, retry_after: float | None = None, unclear: bool = False):
        super().__init__(detail)
        self.retry_after = retry_after
        self.unclear = unclear


class NotYetKnownError(TemporaryError):
    """The plant file in force lacks what the message goes by; the one it was decided by may not."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, retry_after=LOOK_AGAIN_S)


class RefusedError(RejectedError):
    """The provider will never take this message at this address."""


class UnknownError(RefusedError):
    """The plant file in force has no such channel, person or address."""


class Kind(StrEnum):
    """What words are made for; several providers may carry the same kind."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    TEAMS = "teams"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Link:
    """Something to press."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message in one language, escaped for its kind."""

    id: str
    """Of the notification."""
    group: str
    why: Why
    severity: Severity
    at: datetime
    language: Language
    title: str
    """One line, plain."""
    text: str
    """In the markup of its kind; of a webhook the body."""
    html: str = ""
    """E-mail only."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Plain words by name, for templates that a provider keeps and for fields of its own."""
    link: Link | None = None
    """Where it is acknowledged."""
    runbook: Link | None = None
    """What to do about it."""
    over: bool = False
    """Every alert of it is resolved."""
    repeated: bool = False
    """It may have arrived before."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A provider has it."""

    provider_id: str | None = None
    """What it is called there; callbacks name it."""
    outcome: Literal["accepted", "delivered"] = "accepted"
    """`delivered` only where the provider says that it arrived."""


class Channel(Protocol):
    """One way to reach people. Any number of tasks call `send` at once; one calls `close` last."""

    @property
    def kind(self) -> Kind:
        """Which words it carries."""

    async def send(self, message: Message, address: str | None) -> Sent:
        """Hand it over within the channel's time limit; the address is None at endpoints.

        Raises:
            TemporaryError: later it may be taken; the provider may say when.
            RefusedError: it never will be.
        """

    async def close(self) -> None:
        """Give back connections."""
