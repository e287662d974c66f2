"""What people do: about alerts, in Alertmanager's words, and about records of batches."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from schemas.expressions import mistake_in
from schemas.record import Envelope, Frozen, SitePath, Statement, UtcTime

LONGEST_TAKING = timedelta(days=366)
"""So long somebody may take over by word; what is longer belongs into the plant file."""
Via = Literal["api", "command", "link", "sms", "whatsapp", "pagerduty", "slack"]
"""The way on which somebody answered."""
REMEMBERED = {"remembered": True}
"""The context in which acts are read that were accepted once, perhaps by an earlier version."""


class OperatorRecord(Envelope, Statement):
    """An act of a person at one site."""

    site: SitePath

    def partition_key(self) -> str:
        """The site."""
        return self.site

    def record_key(self) -> str:
        """The act itself."""
        return self.statement


class Acknowledgement(OperatorRecord):
    """Somebody takes care of this alert from `source_time` on."""

    type: Literal["acknowledgement"] = "acknowledgement"
    fingerprint: str = Field(min_length=1, max_length=100)
    """Names the alert: of its labels."""
    starts_at: UtcTime | None = None
    """When the alert became true; empty is the newest alert of this fingerprint."""
    via: Via = "api"
    nonce: str | None = Field(default=None, max_length=64)
    """Of the link that was used; a link works once."""
    comment: str | None = Field(default=None, max_length=2000)


class Unacknowledgement(OperatorRecord):
    """The one who took care of it no longer does: it pages again."""

    type: Literal["unacknowledgement"] = "unacknowledgement"
    fingerprint: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


class Snooze(OperatorRecord):
    """This alert pages nobody until then, unless it becomes more severe."""

    type: Literal["snooze"] = "snooze"
    fingerprint: str = Field(min_length=1, max_length=100)
    until: UtcTime
    comment: str | None = Field(default=None, max_length=2000)


class Matcher(Frozen):
    """A condition on one label of an alert."""

    name: str = Field(min_length=1, max_length=100)
    value: str = Field(max_length=500)
    is_regex: bool = False
    is_equal: bool = True
    """False: alerts whose label is not so."""

    @model_validator(mode="after")
    def _can_be_met(self, info: ValidationInfo) -> Self:
        mistake = mistake_in(self.value) if self.is_regex else None
        if mistake is not None and info.context is not REMEMBERED:
            raise ValueError(f"{self.value} is no regular expression: {mistake}")
        return self


class Silence(OperatorRecord):
    """Alerts that meet all matchers page nobody from `starts_at` to `ends_at`."""

    type: Literal["silence"] = "silence"
    matchers: list[Matcher] = Field(min_length=1, max_length=50)
    starts_at: UtcTime
    ends_at: UtcTime
    comment: str = Field(min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at comes after starts_at")
        return self


class SilenceExpired(OperatorRecord):
    """A silence ends before its time."""

    type: Literal["silence_expired"] = "silence_expired"
    silence: str = Field(min_length=1, max_length=64)
    """The statement by which it was made."""
    comment: str | None = Field(default=None, max_length=2000)


class OnCallTaken(OperatorRecord):
    """Somebody takes over in a schedule from `starts_at` to `ends_at`."""

    type: Literal["on_call_taken"] = "on_call_taken"
    schedule: str = Field(min_length=1, max_length=100)
    person: str = Field(min_length=1, max_length=100)
    starts_at: UtcTime
    ends_at: UtcTime
    comment: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at comes after starts_at")
        if self.ends_at - self.starts_at > LONGEST_TAKING:
            raise ValueError(f"somebody takes over for {LONGEST_TAKING.days} days at most")
        return self


class BatchHeld(OperatorRecord):
    """The record of this batch is not to be deleted, however old it is, until that is released."""

    type: Literal["batch_held"] = "batch_held"
    batch: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=2000)


class HoldReleased(OperatorRecord):
    """A hold stands no longer; others on the same batch do."""

    type: Literal["hold_released"] = "hold_released"
    hold: str = Field(min_length=1, max_length=64)
    """The statement by which it was made."""
    batch: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=2000)
