"""A site with people, chains and routes, and a driver that tells its dispatcher what happens."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from processors.calendar import PlanCalendar
from processors.dispatch.engine import DispatchEngine
from processors.step import Output
from schemas.acts import (
    Acknowledgement,
    Matcher,
    OnCallTaken,
    Silence,
    SilenceExpired,
    Snooze,
    Unacknowledgement,
)
from schemas.alerts import (
    AlertHandled,
    AlertState,
    AlertStatus,
    AlertTransition,
    Notification,
    OnCallShift,
    Severity,
)
from schemas.audit import AuditEntry
from schemas.plant.load import PlantFile, load_plant

SITE = "acme/north"
START = datetime(2026, 3, 2, 20, tzinfo=UTC)
"""A Monday evening."""
MAIL = {"type": "email", "host": "mail.example.org", "sender": "plant@example.org"}
SMS = {"type": "sns", "region": "us-east-1", "fallback": ["mail"]}
DUTY = {"type": "pagerduty", "routing_key": {"env": "DUTY_KEY"}, "fallback": ["slack"]}
SLACK = {"type": "slack", "url": {"env": "SLACK_URL"}}
PLANT: dict[str, Any] = {
    "enterprise": "acme",
    "site": "north",
    "name": "North",
    "time_zone": "UTC",
    "calendars": {"always": {"shifts": [{"name": "d", "start": "00:00", "end": "24:00"}]}},
    "equipment": [{"id": "press", "area": "a", "line": "l", "calendar": "always"}],
    "people": [
        {"id": "ana", "name": "Ana", "email": "ana@example.org", "phone": "+522281234567"},
        {"id": "ben", "name": "Ben", "email": "ben@example.org", "phone": "+522281234568"},
        {"id": "cai", "name": "Cai", "email": "cai@example.org"},
        {"id": "dan", "name": "Dan", "email": "dan@example.org"},
    ],
    "channels": {"mail": MAIL, "sms": SMS, "slack": SLACK, "duty": DUTY},
    "schedules": {"night": {"layers": [{"people": ["ana", "dan"], "since": "2026-03-02"}]}},
    "chains": {
        "call": {
            "steps": [
                {"schedules": ["night"], "wait": "5m"},
                {"people": ["ben"], "wait": "10m"},
                {"people": ["cai"], "endpoints": ["slack"], "wait": "15m"},
            ]
        },
        "quality": {"steps": [{"people": ["cai"], "wait": "1h"}]},
    },
    "alerts": {
        "route": {
            "receiver": "on_call",
            "group_by": ["alertname"],
            "group_wait": "30s",
            "routes": [
                {"matchers": ["area=quality"], "receiver": "quality", "group_by": ["all"]},
                {"matchers": ["now=yes"], "group_wait": "0"},
            ],
        },
        "receivers": {"on_call": {"chain": "call"}, "quality": {"chain": "quality"}},
        "matrix": {"info": ["mail"], "warning": ["mail"], "critical": ["mail", "sms"]},
    },
}


def merged(base: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The one with what the other says besides."""
    found = dict(base)
    for key, value in said.items():
        old = found.get(key)
        is_part = isinstance(old, dict) and isinstance(value, dict)
        found[key] = merged(old, value) if is_part and old else value
    return found


@lru_cache
def _loaded(text: str) -> PlantFile:
    return load_plant(text, "plant.yaml")


def plant(**said: Any) -> PlantFile:
    """The plant file, with what is said besides."""
    return _loaded(json.dumps(merged(PLANT, said)))


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def fingerprint(labels: dict[str, str]) -> str:
    return sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16]


def alert(
    minutes: float,
    state: AlertState = "firing",
    severity: Severity = "warning",
    **labels: str,
) -> AlertTransition:
    """A transition; `since` is the minute at which the alert became true."""
    since = float(labels.pop("since", minutes))
    named = {"alertname": "Hot", "equipment": "press"} | labels
    return AlertTransition(
        plant_version="told later",
        site=SITE,
        fingerprint=fingerprint(named),
        starts_at=after(since),
        at=after(minutes),
        state=state,
        severity=severity,
        labels=named,
        generator="rule",
    )


def _said(minutes: float, statement: str, by: str) -> dict[str, Any]:
    at = after(minutes)
    number = {"source": "api", "epoch": "e", "seq": 0}
    spoken = {"by": by, "statement": statement or f"{by} at {minutes}", "site": SITE}
    return {"id": number, "plant_version": "?", "source_time": at, "ingest_time": at, **spoken}


def acknowledge(minutes: float, by: str = "ana", statement: str = "", **labels: str):
    named = {"alertname": "Hot", "equipment": "press"} | labels
    return Acknowledgement(fingerprint=fingerprint(named), **_said(minutes, statement, by))


def unacknowledge(minutes: float, by: str = "ana", **labels: str):
    named = {"alertname": "Hot", "equipment": "press"} | labels
    return Unacknowledgement(fingerprint=fingerprint(named), **_said(minutes, "", by))


def snooze(minutes: float, until: float, by: str = "ana", **labels: str):
    named = {"alertname": "Hot", "equipment": "press"} | labels
    said = _said(minutes, "", by)
    return Snooze(fingerprint=fingerprint(named), until=after(until), **said)


def silence(minutes: float, start: float, end: float, name: str = "s1", **labels: str):
    matchers = [Matcher(name=key, value=value) for key, value in labels.items()]
    said = _said(minutes, name, "ana") | {"comment": "work"}
    return Silence(matchers=matchers, starts_at=after(start), ends_at=after(end), **said)


def expire(minutes: float, name: str = "s1"):
    return SilenceExpired(silence=name, **_said(minutes, "", "ana"))


def take_over(minutes: float, person: str, start: float, end: float):
    said = _said(minutes, "", person)
    span = (after(start), after(end))
    return OnCallTaken(schedule="night", person=person, starts_at=span[0], ends_at=span[1], **said)


class Site:
    """Tells the dispatcher events, and keeps what it says."""

    def __init__(self, file: PlantFile | None = None, *, restarts: bool = False) -> None:
        self.file = file or plant()
        self._restarts = restarts
        """Whether its memory is written down and read again after every event."""
        self.engine = DispatchEngine(PlanCalendar)
        self.state = self.engine.load(f"|{SITE}", {})
        self.said: list[Output] = []

    def tell(self, *events: Any, at_once: bool = False) -> list[Output]:
        """What it says to these events, one by one or as one batch."""
        heard = [one.model_copy(update={"plant_version": self.file.version}) for one in events]
        before = len(self.said)
        for batch in [heard] if at_once else [[one] for one in heard]:
            step = self.engine.advance(self.state, batch, self.file)
            self._keep(step)
        return self.said[before:]

    def wait(self, minutes: float) -> list[Output]:
        """What it says by this minute."""
        before = len(self.said)
        self._keep(self.engine.tick(self.state, after(minutes), self.file))
        return self.said[before:]

    def _keep(self, step: Any) -> None:
        self.said += step.outputs
        self.state = step.state
        if self._restarts:
            self.state = self.engine.load(f"|{SITE}", self.engine.dump(self.state))

    def status(self, **labels: str) -> AlertStatus:
        """How an alert stands by now."""
        named = {"alertname": "Hot", "equipment": "press"} | labels
        found = [one for one in of(self.said, AlertStatus) if one.alert.labels == named]
        newest: AlertStatus = found[-1]
        return newest


def of(said: Iterable[Output], kind: type) -> list[Any]:
    """The records of one kind."""
    return [one.record for one in said if isinstance(one.record, kind)]


def pages(said: Iterable[Output]) -> list[tuple[float, str, str, str]]:
    """Minute, why, who and how."""
    return [
        ((one.at - START) / timedelta(minutes=1), one.why, one.recipient, one.channel)
        for one in of(said, Notification)
    ]


def handlings(said: Iterable[Output]) -> list[tuple[float, str, bool, str]]:
    """Minute, what was done, whether it holds, and because of what."""
    return [
        ((one.at - START) / timedelta(minutes=1), one.handling, one.holds, one.because)
        for one in of(said, AlertHandled)
    ]


def audited(said: Iterable[Output]) -> list[tuple[str, str]]:
    """Who did what."""
    return [(one.actor, one.action) for one in of(said, AuditEntry)]


def shifts(said: Iterable[Output]) -> list[OnCallShift]:
    """Who is on call."""
    return of(said, OnCallShift)


def left_open(said: Iterable[Output], who: str = "duty") -> set[str]:
    """The incidents that stand at a paging service after all that it was told."""
    found: set[str] = set()
    for one in of(said, Notification):
        if one.recipient == who and one.why in ("resolved", "withdrawn"):
            found.discard(one.group)
        elif one.recipient == who and one.why not in ("acknowledged", "maintenance"):
            found.add(one.group)
    return found
