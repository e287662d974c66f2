"""What becomes of one message: intent, attempts, the next channel, the end. Pure.

Nothing here sends or waits. The record of an intent is stored before a message is sent, that of
the outcome after it; an intent without outcome is therefore a message that may have arrived.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plantstream.runtime.ports import TopicPartition
from schemas.alerts import DeliveryAttempt, Notification, Outcome
from schemas.partitioning import partition_of
from schemas.topic import Topic
from sinks.notify.message import RefusedError, Sent, TemporaryError

FINAL: frozenset[Outcome] = frozenset({"delivered", "accepted", "expired"})
"""After one of these on any channel nothing is sent any more."""
_MOST_ALERTS = 50

Answer = Sent | TemporaryError | RefusedError


def is_bounced(attempt: DeliveryAttempt) -> bool:
    """Whether a provider that had accepted the message said later that it did not arrive."""
    return attempt.outcome == "failed" and attempt.provider_id is not None


@dataclass(frozen=True, slots=True)
class Retrying:
    """How patient we are."""

    first_s: float = 0.5
    most_s: float = 30.0
    tries: int = 3
    """On one channel before the next one has its turn."""
    patience_s: float = 30.0
    """A provider that asks for a longer pause gives its turn to the next channel, and no message
    waits so much longer for one channel than it would for another."""


@dataclass(frozen=True, slots=True)
class Way:
    """One channel on which a message may go."""

    attempts: int = 0
    turns: int = 0
    """Attempts, and those that a long pause stands for."""
    not_before: datetime | None = None
    refused: bool = False
    unclear: bool = False
    """An attempt may have arrived."""

    def moved(self, by: timedelta) -> "Way":
        """The same after the clock was set."""
        return self if self.not_before is None else replace(self, not_before=self.not_before + by)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is not yet with its recipient; `ways` in the order of preference."""

    notification: Notification
    ways: Mapping[str, Way]
    since: datetime
    """When it was read."""

    @property
    def repeated(self) -> bool:
        """Whether it may have arrived already."""
        return any(way.unclear for way in self.ways.values())

    def channel(
        self, now: datetime, retrying: Retrying, resting: Mapping[str, datetime] | None = None
    ) -> str:
        """Whose turn it is, of those that may go about as soon as any.

        One that rests until some time has no turn while another does not.
        """
        rests = resting or {}
        open_ways = {name: way for name, way in self.ways.items() if not way.refused}
        due = {name: max(now, self.due(name), rests.get(name, now)) for name in open_ways}
        soon = min(due.values()) + timedelta(seconds=retrying.patience_s)
        left = [name for name in open_ways if due[name] <= soon]
        return min(left, key=lambda name: (name in rests, open_ways[name].turns // retrying.tries))

    def due(self, channel: str) -> datetime:
        """When it may go on this channel; never later than when it expires."""
        due = self.ways[channel].not_before or self.since
        return min(due, self.notification.expires_at)

    def moved(self, by: timedelta) -> "Delivery":
        """The same after the clock was set; when it expires is said by others."""
        ways = {name: way.moved(by) for name, way in self.ways.items()}
        return replace(self, ways=ways, since=self.since + by)

    def is_expired(self, now: datetime) -> bool:
        """Whether nobody is helped by it any more."""
        return now >= self.notification.expires_at


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be recorded, and what is left to do; None is nothing."""

    record: DeliveryAttempt
    left: Delivery | None


def opened(
    notification: Notification,
    past: Mapping[str, DeliveryAttempt],
    now: datetime,
    retrying: Retrying,
) -> Delivery | None:
    """The delivery as it stands after the newest record of each channel; None if it is over."""
    if any(one.outcome in FINAL for one in past.values()):
        return None
    names = dict.fromkeys((notification.channel, *notification.fallback))
    ways = {name: _way(notification, past.get(name), now, retrying) for name in names}
    if all(way.refused for way in ways.values()):
        return None
    return Delivery(notification, ways, now)


def intent(delivery: Delivery, channel: str, now: datetime) -> DeliveryAttempt:
    """What is stored before it is sent."""
    return _record(delivery, channel, delivery.ways[channel].attempts + 1, "intent", now)


def expired(delivery: Delivery, channel: str, now: datetime) -> DeliveryAttempt:
    """What is stored where its time is over."""
    attempts = max(1, delivery.ways[channel].attempts)
    record = _record(delivery, channel, attempts, "expired", now)
    told = f"not delivered by {delivery.notification.expires_at.isoformat()}"
    return record.model_copy(update={"detail": told})


def settled(
    delivery: Delivery, channel: str, answer: Answer, now: datetime, retrying: Retrying
) -> Settled:
    """What follows from a provider's answer to an attempt on this channel."""
    way = delivery.ways[channel]
    attempts = way.attempts + 1
    if isinstance(answer, Sent):
        record = _record(delivery, channel, attempts, answer.outcome, now)
        return Settled(record.model_copy(update={"provider_id": _short(answer)}), None)
    outcome: Outcome
    if isinstance(answer, RefusedError):
        outcome, after = "refused", replace(way, attempts=attempts, refused=True)
    else:
        outcome = "unknown" if answer.unclear else "failed"
        after = _failed(delivery.notification.id, channel, way, (answer, now, retrying))
    record = _record(delivery, channel, attempts, outcome, now)
    record = record.model_copy(update={"detail": str(answer)[:1000]})
    ways = {**delivery.ways, channel: after}
    over = all(one.refused for one in ways.values())
    return Settled(record, None if over else replace(delivery, ways=ways))


def backoff_s(name: str, attempt: int, retrying: Retrying) -> float:
    """The pause after an attempt: it doubles, with a jitter that follows from the name."""
    digest = hashlib.sha256(f"{name}|{attempt}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    whole = min(retrying.first_s * 2.0 ** min(attempt - 1, 30), retrying.most_s)
    return whole * (0.5 + 0.5 * share)


def _failed(
    id: str, channel: str, way: Way, given: tuple[TemporaryError, datetime, Retrying]
) -> Way:
    answer, now, retrying = given
    attempts = way.attempts + 1
    pause_s = max(backoff_s(f"{id}|{channel}", attempts, retrying), answer.retry_after or 0.0)
    tries = retrying.tries
    patient = (answer.retry_after or 0.0) <= retrying.patience_s
    turns = way.turns + 1 if patient else (way.turns // tries + 1) * tries
    return replace(
        way,
        attempts=attempts,
        turns=turns,
        not_before=now + timedelta(seconds=pause_s),
        unclear=way.unclear or answer.unclear,
    )


def _way(
    notification: Notification, last: DeliveryAttempt | None, now: datetime, retrying: Retrying
) -> Way:
    """Where a channel stands after its newest record, by whose clock it is never later than now.

    After a crash the first repeat goes at once; if that one is cut short as well, the next waits.
    """
    if last is None:
        return Way()
    pause_s = 0.0
    if last.outcome != "intent" or last.repeated:
        pause_s = backoff_s(f"{notification.id}|{last.channel}", last.attempt, retrying)
    return Way(
        attempts=last.attempt,
        turns=last.attempt,
        not_before=min(last.at, now) + timedelta(seconds=pause_s),
        refused=last.outcome == "refused" or is_bounced(last),
        unclear=last.outcome in {"intent", "unknown"} or last.repeated,
    )


def _record(
    delivery: Delivery, channel: str, attempt: int, outcome: Outcome, now: datetime
) -> DeliveryAttempt:
    told = delivery.notification
    return DeliveryAttempt(
        site=told.site,
        notification=told.id,
        group=told.group,
        channel=channel,
        recipient=told.recipient,
        attempt=attempt,
        outcome=outcome,
        repeated=delivery.repeated,
        at=now,
        alerts=tuple(one.alert_id() for one in told.alerts[:_MOST_ALERTS]),
    )


def _short(sent: Sent) -> str | None:
    return None if sent.provider_id is None else sent.provider_id[:200]


def place_of(told: Notification, topic: Topic) -> TopicPartition:
    """Where records about it stand in a topic that is partitioned by group."""
    key = told.partition_key().encode()
    return TopicPartition(topic.name, partition_of(key, topic.partitions))
