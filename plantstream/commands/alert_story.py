"""What is known of one alert as lines and rows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from plantstream.commands.alert_dossier import Dossier
from plantstream.commands.alert_view import code, figures, quiet, state_of
from plantstream.commands.given_times import local
from schemas.alerts import AlertHandled, AlertTransition, DeliveryAttempt, Notification

_IN_UTC = ZoneInfo("UTC")
_NOT_SENT = "not sent yet"


def facts(found: Dossier, now: datetime) -> Iterator[tuple[str, str]]:
    """Name and text of each line; what is not known is left out."""
    yield from ((name, text) for name, text in _facts(found, now) if text)


def tellings(found: Dossier, zone: ZoneInfo | None) -> list[dict[str, Any]]:
    """Who was told when, on which channel and why, and what became of it; the oldest first.

    Times are local where there is a zone, else UTC.
    """
    rows = [row for told in found.notifications for row in _of_notification(told, found)]
    known = {(told.at, told.recipient, told.channel) for told in found.notifications}
    rows += [
        _row(one.at, one.name, one.channel, "", None)
        for one in found.status.told
        if (one.at, one.name, one.channel) not in known
    ]
    rows.sort(key=lambda row: (row["at"], row["who"], row["channel"]))
    return [row | {"at": _time(row["at"], zone)} for row in rows]


def past(found: Dossier, zone: ZoneInfo | None) -> list[dict[str, Any]]:
    """What became of the alert and what was done about it, the oldest first."""
    rows = [
        _transition(one) if isinstance(one, AlertTransition) else _handled(one, zone or _IN_UTC)
        for one in found.history
    ]
    return [
        {"at": _time(one.at, zone), **row} for one, row in zip(found.history, rows, strict=True)
    ]


def _facts(found: Dossier, now: datetime) -> Iterator[tuple[str, str]]:
    status, zone = found.status, found.zone
    alert = status.alert
    marks = ["late"] * alert.late + ["flapping"] * alert.flapping
    yield "alert", alert.labels.get("alertname", "")
    yield "state", ", ".join([state_of(status), alert.severity, *marks])
    yield "code", code(status)
    yield "fingerprint", status.fingerprint
    yield "site", status.site
    yield "since", local(status.starts_at, zone)
    yield "fired", local(status.fired_at, zone)
    if alert.state == "resolved":
        yield "resolved", local(alert.at, zone)
    yield "value", figures(alert)
    yield "labels", ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
    for language, words in alert.words.items():
        yield f"summary {language}", words.summary
        yield f"details {language}", words.description
    yield "runbook", alert.runbook_url or ""
    yield "raised by", alert.generator
    yield "receivers", ", ".join(status.receivers)
    yield from _answers(found, now)
    yield "known at", local(status.at, zone)


def _answers(found: Dossier, now: datetime) -> Iterator[tuple[str, str]]:
    status, zone = found.status, found.zone
    if status.acknowledged_by is not None:
        since = local(status.acknowledged_at, zone)
        yield "acknowledged", f"by {status.acknowledged_by}, {since}"
    for text in quiet(status, zone, now):
        yield "quiet", text
    for one in found.silences:
        silence = one.silence
        until = local(one.ends_at, zone)
        yield "silence", f"{silence.statement} by {silence.by} until {until}: {silence.comment}"
    if status.escalates_at is not None:
        to = ", ".join(status.escalates_to) or "nobody"
        yield "escalates", f"{local(status.escalates_at, zone)} to {to}"


def _of_notification(told: Notification, found: Dossier) -> Iterator[dict[str, Any]]:
    """A row for each channel on which it was tried, with what was heard of it last."""
    newest: dict[str, DeliveryAttempt] = {}
    for attempt in found.attempts:
        known = newest.get(attempt.channel)
        if attempt.notification == told.id and (known is None or attempt.at >= known.at):
            newest[attempt.channel] = attempt
    for channel in newest or [told.channel]:
        yield _row(told.at, told.recipient, channel, told.why, newest.get(channel))


def _row(
    at: datetime, who: str, channel: str, why: str, attempt: DeliveryAttempt | None
) -> dict[str, Any]:
    outcome = attempt.outcome if attempt else _NOT_SENT if why else ""
    tries = "" if attempt is None else str(attempt.attempt)
    detail = attempt.detail if attempt else ""
    again = " (may have arrived twice)" if attempt and attempt.repeated else ""
    return {
        "at": at,
        "who": who,
        "channel": channel,
        "why": why,
        "outcome": outcome + again,
        "tries": tries,
        "detail": detail,
    }


def _transition(one: AlertTransition) -> dict[str, Any]:
    marks = ["late"] * one.late + ["flapping"] * one.flapping
    said = [one.severity, *marks, *([figures(one)] if figures(one) else [])]
    return {"what": one.state, "by": "", "detail": ", ".join(said)}


def _handled(one: AlertHandled, zone: ZoneInfo) -> dict[str, Any]:
    until = f"until {local(one.until, zone)}" if one.until else ""
    return {
        "what": one.handling if one.holds else f"no longer {one.handling}",
        "by": one.by or "dispatcher",
        "detail": "; ".join(text for text in (one.because, until) if text),
    }


def _time(at: datetime, zone: ZoneInfo | None) -> str:
    return at.astimezone(UTC).isoformat() if zone is None else local(at, zone)
