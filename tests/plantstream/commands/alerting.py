"""Alerts, messages and acts at the site of the dispatcher's tests, now or at its evening."""

from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import (
    AlertHandled,
    AlertStatus,
    AlertTransition,
    DeliveryAttempt,
    Notification,
    Told,
)
from tests.processors.dispatch.site import START, alert


def status(transition: AlertTransition | None = None, **said: Any) -> AlertStatus:
    """How an alert stands."""
    known = transition or alert(0)
    common: dict[str, Any] = {
        "plant_version": known.plant_version,
        "site": known.site,
        "fingerprint": known.fingerprint,
        "starts_at": known.starts_at,
        "at": known.at,
        "alert": known,
        "fired_at": known.at,
    }
    return AlertStatus(**common | said)


def notification(known: AlertTransition, who: str, channel: str, **said: Any) -> Notification:
    """Somebody is to be told of it."""
    at = said.pop("at", known.at)
    common: dict[str, Any] = {
        "plant_version": "p",
        "site": known.site,
        "id": f"{who}|{channel}|{at.isoformat()}",
        "group": "g",
        "why": "firing",
        "at": at,
        "expires_at": at + timedelta(hours=1),
        "recipient": who,
        "channel": channel,
        "severity": known.severity,
        "alerts": (known,),
        "total": 1,
    }
    return Notification(**common | said)


def attempt(told: Notification, outcome: str, seconds: float = 1, **said: Any) -> DeliveryAttempt:
    """What became of a message."""
    common: dict[str, Any] = {
        "site": told.site,
        "notification": told.id,
        "group": told.group,
        "channel": told.channel,
        "recipient": told.recipient,
        "attempt": 1,
        "outcome": outcome,
        "at": told.at + timedelta(seconds=seconds),
        "alerts": tuple(one.alert_id() for one in told.alerts),
    }
    return DeliveryAttempt(**common | said)


def handled(known: AlertTransition, handling: str, minutes: float, **said: Any) -> AlertHandled:
    """Something was done about it."""
    common: dict[str, Any] = {
        "plant_version": "p",
        "site": known.site,
        "fingerprint": known.fingerprint,
        "starts_at": known.starts_at,
        "at": START + timedelta(minutes=minutes),
        "handling": handling,
    }
    return AlertHandled(**common | said)


def told(name: str, channel: str, at: datetime) -> Told:
    """Somebody was told, as the status has it."""
    return Told(at=at, name=name, channel=channel)
