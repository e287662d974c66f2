"""What somebody does about an alert as a record, and what it is written under. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from schemas.acts import Acknowledgement, Snooze, Unacknowledgement, Via
from schemas.alerts import AlertStatus, DeliveryAttempt, Outcome
from schemas.record import EventId
from schemas.topics import DELIVERY, OPERATOR
from sinks.notify.web.board import OfAlert
from sinks.notify.web.publishing import Saying

_SPAN_LIMITS = (timedelta(minutes=1), timedelta(days=7))
_NOBODY = EventId(source="?", epoch="?", seq=0)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done: acknowledge, take it back, or snooze for `span`."""

    kind: str
    span: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.kind == "snooze") != (self.span is not None):
            raise ValueError(f"{self.kind}: a snooze, and only that, has a span")


ACKNOWLEDGE = Wish("acknowledge")
UNACKNOWLEDGE = Wish("unacknowledge")


def snooze(span: timedelta) -> Wish:
    """Be quiet for so long: at least a minute, at most a week."""
    least, most = _SPAN_LIMITS
    return Wish("snooze", min(max(span, least), most))


@dataclass(frozen=True, slots=True)
class Author:
    """Who does it, and how we know."""

    by: str
    via: Via
    statement: str
    """Named by what it was said with: the same said twice is one act."""
    nonce: str | None = None
    comment: str | None = None


def act_of(wish: Wish, alert: AlertStatus, author: Author, plant: str, now: datetime) -> OfAlert:
    """The act, without its event id."""
    said: dict[str, Any] = {
        "id": _NOBODY,
        "plant_version": plant,
        "site": alert.site,
        "source_time": now,
        "ingest_time": now,
        "by": author.by[:100],
        "statement": author.statement,
        "fingerprint": alert.fingerprint,
        "comment": author.comment,
    }
    if wish.kind == "unacknowledge":
        return Unacknowledgement(**said)
    if wish.span is not None:
        return Snooze(**said, until=now + wish.span)
    said |= {"starts_at": alert.starts_at, "via": author.via, "nonce": author.nonce}
    return Acknowledgement(**said)


def saying_of(act: OfAlert) -> Saying:
    """As a record of `plant.operator.v1`."""

    def named(event: EventId) -> BaseModel:
        return act.model_copy(update={"id": event})

    return Saying(OPERATOR, act.partition_key(), act.record_key(), named)


def outcome_of(
    attempt: DeliveryAttempt, outcome: Outcome, detail: str, now: datetime
) -> DeliveryAttempt:
    """What the provider says has become of a message."""
    return attempt.model_copy(update={"outcome": outcome, "detail": detail[:1000], "at": now})


def saying_outcome(attempt: DeliveryAttempt) -> Saying:
    """As a record of `plant.delivery.v1`."""
    return Saying(DELIVERY, attempt.partition_key(), attempt.record_id(), lambda _: attempt)


def statement_of(via: str, said_with: str) -> str:
    """The name of an act by the message that it was said with; at most 64 characters."""
    return f"{via}-{hashlib.sha256(said_with.encode()).hexdigest()[:32]}"
