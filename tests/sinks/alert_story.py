"""Three days of alerts, as they are stored; the figures of the tests are computed from it by hand.

The reactor was too hot on Monday: ana's SMS did not go out and an e-mail did, nobody answered, ben
was called as it grew critical, and ana acknowledged. The press was slow for 20 s, the mixer leaked
until ben had seen to it, and the oven's edge told on Monday evening of the night before. On Tuesday
the reactor was too hot again, and still is: ana acknowledged, and took it back.
"""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from schemas.acts import Acknowledgement, Matcher, OnCallTaken, Silence, Unacknowledgement
from schemas.alerts import (
    AlertHandled,
    AlertTransition,
    DeliveryAttempt,
    Notification,
    OnCallShift,
    Words,
)
from schemas.topics import ALERT, DELIVERY, NOTIFICATION, OPERATOR, Topic
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, of_site

SITE = "acme/north"
SHARED: dict[str, Any] = {"plant_version": "v1", "site": SITE}
TUESDAY = 24 * 3600


def at(second: float) -> datetime:
    """So long after Monday, 06:00 UTC."""
    return NOW + timedelta(seconds=second)


def transition(name: str, since: float, state: str, second: float, **said: Any) -> AlertTransition:
    """The alert `name` that began at `since` became so at `second`."""
    equipment, area = PLACES.get(name, ("press", "hall"))
    fields: dict[str, Any] = {
        "fingerprint": f"f-{name}",
        "starts_at": at(since),
        "at": at(second),
        "state": state,
        "severity": "warning",
        "labels": {"alertname": name, "area": area, "line": "one", "equipment": equipment},
        "generator": "rule",
    }
    return AlertTransition(**SHARED | fields | said)


PLACES = {
    "Hot": ("reactor", "process"),
    "Leak": ("mixer", "process"),
    "Silent": ("oven", "hall"),
}


def handled(name: str, since: float, handling: str, second: float, **said: Any) -> AlertHandled:
    fields = {"fingerprint": f"f-{name}", "starts_at": at(since), "at": at(second)}
    return AlertHandled(**SHARED | fields | {"handling": handling} | said)


def notification(id: str, second: float, *alerts: AlertTransition, **said: Any) -> Notification:
    fields: dict[str, Any] = {
        "id": id,
        "group": "mechanics:1",
        "why": "firing",
        "at": at(second),
        "expires_at": at(second + 3600),
        "recipient": "ana",
        "channel": "mail",
        "severity": "warning",
        "alerts": alerts,
        "total": len(alerts),
    }
    return Notification(**SHARED | fields | said)


def attempt(
    id: str, channel: str, number: int, outcome: str, second: float, **said: Any
) -> DeliveryAttempt:
    fields: dict[str, Any] = {
        "notification": id,
        "group": "mechanics:1",
        "channel": channel,
        "recipient": "ana",
        "attempt": number,
        "outcome": outcome,
        "at": at(second),
    }
    return DeliveryAttempt(site=SITE, **fields | said)


def shift(begin: float, end: float | None, *people: str) -> OnCallShift:
    ends_at = None if end is None else at(end)
    return OnCallShift(
        **SHARED, schedule="mechanics", starts_at=at(begin), ends_at=ends_at, people=people
    )


def said(seq: int, second: float, by: str) -> dict[str, Any]:
    return of_site(seq, at(second)) | {"by": by, "statement": f"s{seq}"}


WORDS = {"en": Words(summary="82.5 °C"), "es": Words(summary="82,5 °C")}
SEEN = {"value": 82.5, "limit": 80.0, "unit": "°C", "words": WORDS}
HOT = transition("Hot", 0, "firing", 30, **SEEN)
HOTTER = transition("Hot", 0, "firing", 330, severity="critical", **SEEN | {"value": 96.0})
SLOW = transition("Slow", 3600, "firing", 3600)
LEAK = transition("Leak", 7200, "firing", 7200)
AGAIN = transition("Hot", TUESDAY, "firing", TUESDAY, value="too hot")

TRANSITIONS = [
    *(transition("Hot", 0, "pending", 0, **SEEN | {"value": 81.0}), HOT, HOTTER),
    transition("Hot", 0, "resolved", 1230, severity="critical", value=78.0),
    *(SLOW, transition("Slow", 3600, "resolved", 3620)),
    *(LEAK, transition("Leak", 7200, "resolved", 7800)),
    transition("Silent", 10_000, "firing", 10_300, late=True),
    transition("Silent", 10_000, "resolved", 10_400, late=True),
    transition("Never", 5, "pending", 5),
    transition("Hot", 0, "firing", 0, run="replay", severity="info"),
    AGAIN,
]
HANDLED = [
    handled("Hot", 0, "escalated", 330, because="step 2 of 2: nobody acknowledged"),
    handled("Hot", 0, "acknowledged", 390, by="ana", statement="s0"),
    handled("Leak", 7200, "acknowledged", 7260, by="ben", statement="s1"),
    handled("Hot", TUESDAY, "acknowledged", TUESDAY + 60, by="ana", statement="s2"),
    handled("Hot", TUESDAY, "unacknowledged", TUESDAY + 120, by="ana", statement="s3"),
]
SHIFTS = [
    shift(0, 48 * 3600, "ana", "ben"),
    shift(4 * 3600, 6 * 3600, "cai"),
    shift(6 * 3600, 48 * 3600, "ana", "ben"),
    shift(6 * 3600, 48 * 3600, "ana", "ben"),
    shift(48 * 3600, None),
    shift(TUESDAY, None, "dan"),
]
NOTIFICATIONS = [
    notification("n1", 30, HOT, channel="sms", fallback=("mail",)),
    notification("n2", 330, HOTTER, why="escalated", recipient="ben", step=1, severity="critical"),
    notification("n3", 3600, SLOW),
    notification("n4", 7200, LEAK, recipient="ben"),
    notification("n5", 1230, TRANSITIONS[3], why="resolved"),
]
ATTEMPTS = [
    attempt("n1", "sms", 1, "intent", 30.1),
    attempt("n1", "sms", 1, "failed", 31),
    attempt("n1", "sms", 2, "intent", 32),
    attempt("n1", "sms", 2, "refused", 33),
    attempt("n1", "mail", 1, "intent", 33.1),
    attempt("n1", "mail", 1, "accepted", 34, provider_id="m-1"),
    attempt("n2", "mail", 1, "intent", 330.1, recipient="ben"),
    attempt("n2", "mail", 1, "unknown", 332, recipient="ben", detail="cut"),
    attempt("n2", "mail", 2, "intent", 333, recipient="ben", repeated=True),
    attempt("n2", "mail", 2, "delivered", 340, recipient="ben", repeated=True),
    attempt("n2", "mail", 2, "accepted", 341, recipient="ben", repeated=True),
    attempt("n3", "mail", 1, "expired", 7200),
    attempt("n4", "mail", 1, "accepted", 7202, recipient="ben"),
    attempt("n5", "mail", 1, "intent", 1231),
]
ACTS = [
    Acknowledgement(**said(0, 390, "ana"), fingerprint="f-Hot", comment="on my way"),
    Acknowledgement(**said(1, 7260, "ben"), fingerprint="f-Leak", starts_at=at(7200)),
    Acknowledgement(**said(2, TUESDAY + 60, "ana"), fingerprint="f-Hot"),
    Unacknowledgement(**said(3, TUESDAY + 120, "ana"), fingerprint="f-Hot"),
    Silence(
        **said(4, 8000, "luis"),
        matchers=[Matcher(name="area", value="hall")],
        starts_at=at(8000),
        ends_at=at(9000),
        comment="new bearings",
    ),
    OnCallTaken(
        **said(5, 14_000, "cai"),
        schedule="mechanics",
        person="cai",
        starts_at=at(4 * 3600),
        ends_at=at(6 * 3600),
    ),
]
STORY: dict[Topic, list[BaseModel | bytes]] = {
    ALERT: [*TRANSITIONS, *HANDLED, *SHIFTS],
    NOTIFICATION: [*NOTIFICATIONS],
    DELIVERY: [*ATTEMPTS],
    OPERATOR: [*ACTS],
}


async def tell(sink: TimescaleSink, times: int = 1) -> None:
    """Store the story, so many times."""
    for topic, values in STORY.items():
        for turn in range(times):
            begin = turn * len(values) if turn else None
            await sink.write(batch(topic, values, begin=begin))
