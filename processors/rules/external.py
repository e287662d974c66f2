"""Alerts of Prometheus and other senders: the same life, told by them.

An alert is known by its labels without severity. Only its sender resolves it, or the end that the
sender gave and did not put off.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from processors.rules.plan import fingerprint
from processors.rules.state import External
from processors.rules.times import HOUR, instant, micros
from schemas.alerts import SEVERITIES, AlertTransition, Words
from schemas.plant.alerts.rules import LANGUAGES
from schemas.site import ExternalAlert

REMEMBERED = 24 * HOUR
"""A resolved alert is remembered for so long, so that what is told again changes nothing."""
_INSTANT = timedelta(microseconds=1)


def name_of(event: ExternalAlert) -> str:
    """The alert's name: of its labels without severity."""
    return fingerprint(_labels(event))


def take(
    known: External | None, event: ExternalAlert
) -> tuple[External | None, list[AlertTransition]]:
    """What is known of the alert after this was told of it, and the transitions that follow."""
    if event.status == "resolved":
        return _resolve(known, event)
    if known is None:
        return _fire(event, event.starts_at)
    if known.told.state == "resolved":
        return _fire_again(known, event)
    if known.sender != event.sender or event.starts_at < known.told.starts_at:
        return known, []
    if event.starts_at > known.told.starts_at:
        over = _ended(known, event.starts_at)
        fresh, told = _fire(event, event.starts_at)
        return fresh, [over.told, *told]
    return _still(known, event)


def expire(known: External, now: int) -> tuple[External | None, list[AlertTransition]]:
    """What is due by now: an end that was not put off, or being forgotten."""
    if known.ends is None or now < known.ends:
        return known, []
    if known.told.state == "resolved":
        return None, []
    over = _ended(known, instant(known.ends))
    return over, [over.told]


def _resolve(
    known: External | None, event: ExternalAlert
) -> tuple[External | None, list[AlertTransition]]:
    is_its_own = known is not None and known.sender == event.sender
    if known is None or not is_its_own or known.told.state == "resolved":
        return known, []
    if event.source_time < known.told.starts_at:
        return known, []
    over = _ended(known, min(event.ends_at or event.source_time, event.source_time))
    return over, [over.told]


def _ended(known: External, at: datetime) -> External:
    at = max(at, known.told.at)
    told = known.told.model_copy(update={"state": "resolved", "at": at})
    return External(told, known.sender, micros(at) + REMEMBERED)


def _fire_again(known: External, event: ExternalAlert) -> tuple[External, list[AlertTransition]]:
    """It fires after it was resolved; under its old beginning, it begins when that was told."""
    if event.source_time <= known.told.at:
        return known, []
    starts_at = event.starts_at
    if starts_at <= known.told.starts_at:
        starts_at = max(event.source_time, known.told.starts_at + _INSTANT)
    return _fire(event, starts_at)


def _still(known: External, event: ExternalAlert) -> tuple[External, list[AlertTransition]]:
    ends = _end_of(event)
    if event.ends_at is not None and known.ends is not None:
        ends = max(micros(event.ends_at), known.ends)
    is_worse = SEVERITIES.index(event.severity) > SEVERITIES.index(known.told.severity)
    if not is_worse:
        return (known if ends == known.ends else External(known.told, known.sender, ends)), []
    update = {"severity": event.severity, "at": max(event.source_time, known.told.at)}
    told = known.told.model_copy(update=update)
    return External(told, known.sender, ends), [told]


def _fire(event: ExternalAlert, starts_at: datetime) -> tuple[External, list[AlertTransition]]:
    told = AlertTransition(
        run=event.run,
        plant_version=event.plant_version,
        site=event.site,
        fingerprint=name_of(event),
        starts_at=starts_at,
        at=max(event.source_time, starts_at),
        state="firing",
        severity=event.severity,
        labels=_labels(event),
        words=_words(event),
        runbook_url=_runbook(event.annotations),
        generator=f"prometheus/{event.sender}",
    )
    return External(told, event.sender, _end_of(event)), [told]


def _end_of(event: ExternalAlert) -> int | None:
    return None if event.ends_at is None else micros(event.ends_at)


def _labels(event: ExternalAlert) -> dict[str, str]:
    labels = {name: value for name, value in event.labels.items() if name != "severity"}
    return {"alertname": "unnamed"} | labels


def _words(event: ExternalAlert) -> dict[str, Words]:
    """The sender's own, in each language: nobody translates them."""
    said: Mapping[str, Any] = event.annotations
    summary = said.get("summary") or said.get("message") or _labels(event)["alertname"]
    told = Words(summary=summary[:2000], description=said.get("description", "")[:4000])
    return dict.fromkeys(LANGUAGES, told)


def _runbook(annotations: Mapping[str, str]) -> str | None:
    url = annotations.get("runbook_url", "")
    return url[:500] if url.startswith(("http://", "https://")) else None
