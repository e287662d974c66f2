"""Alerts as people and programs see them on the command line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from plantstream.commands.given_times import local
from schemas.alerts import AlertStatus, AlertTransition
from sinks.notify.codes import code_of

STATES = ("firing", "acknowledged", "pending", "resolved")
_PLACES = ("equipment", "line", "product", "source", "instance", "site")
_UTC = ZoneInfo("UTC")


def state_of(status: AlertStatus) -> str:
    """One of `STATES`; what fires and nobody has acknowledged is `firing`."""
    is_taken = status.alert.state == "firing" and status.acknowledged_by is not None
    return "acknowledged" if is_taken else status.alert.state


def code(status: AlertStatus) -> str:
    """The short code of the alert, as messages have it."""
    return code_of(status.alert_id())


def name_of(status: AlertStatus) -> str:
    """`Hot of press`: what people call it."""
    return f"{status.alert.labels.get('alertname', status.fingerprint)} of {where(status)}"


def where(status: AlertStatus) -> str:
    """What the alert is about."""
    labels = status.alert.labels
    return next((labels[one] for one in _PLACES if labels.get(one)), status.site)


def row(status: AlertStatus, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """A line of a list."""
    to = ", ".join(status.escalates_to)
    at = local(status.escalates_at, zone)
    return {
        "code": code(status),
        "severity": status.alert.severity,
        "state": state_of(status),
        "since": local(status.starts_at, zone),
        "alert": status.alert.labels.get("alertname", ""),
        "where": where(status),
        "acknowledged by": status.acknowledged_by or "",
        "quiet": ", ".join(quiet(status, zone, now)),
        "escalates": f"{at} to {to or 'nobody'}" if at else "",
        "summary": summary(status.alert),
    }


def quiet(status: AlertStatus, zone: ZoneInfo, now: datetime) -> list[str]:
    """What keeps it from paging people, besides that somebody takes care of it."""
    until = status.snoozed_until
    is_snoozed = until is not None and until > now and status.alert.state == "firing"
    return [*([f"snoozed until {local(until, zone)}"] if is_snoozed else []), *status.suppressed_by]


def summary(alert: AlertTransition) -> str:
    """In English where there is English."""
    words = alert.words.get("en") or next(iter(alert.words.values()), None)
    return words.summary if words else ""


def figures(alert: AlertTransition) -> str:
    """`131.2 °C, limit 120 °C`."""
    found = [("", alert.value), ("limit ", alert.limit)]
    told = [f"{name}{_short(one)} {alert.unit}".rstrip() for name, one in found if one is not None]
    return ", ".join(told)


def document(status: AlertStatus) -> dict[str, Any]:
    """All that its record says, for programs; times are UTC."""
    said = status.model_dump(mode="json", exclude={"alert", "type", "version", "run", "at"})
    alert = status.alert.model_dump(
        mode="json",
        include={
            *("severity", "labels", "value", "limit", "unit", "words", "runbook_url"),
            *("late", "flapping", "generator"),
        },
    )
    return {
        "code": code(status),
        "id": status.alert_id(),
        "state": state_of(status),
        "alertname": status.alert.labels.get("alertname"),
        "where": where(status),
        **said,
        "known_at": status.at.astimezone(UTC).isoformat(),
        **alert,
    }


def zone_of(status: AlertStatus, zones: Mapping[str, ZoneInfo]) -> ZoneInfo:
    """Of its site; UTC where no plant file says."""
    return zones.get(status.site, _UTC)


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
