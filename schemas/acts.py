"""What people do about alerts, in Alertmanager's words."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.record import Envelope, Frozen, SitePath, Statement, UtcTime


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
    comment: str | None = Field(default=None, max_length=2000)


class Matcher(Frozen):
    """A condition on one label of an alert."""

    name: str = Field(min_length=1, max_length=100)
    value: str = Field(max_length=500)
    is_regex: bool = False
    is_equal: bool = True
    """False: alerts whose label is not so."""


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
