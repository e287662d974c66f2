"""What the acknowledge page shows of an alert, before anybody writes HTML. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.alerts import AlertStatus, Severity
from schemas.plant.alerts.rules import Language
from schemas.plant.model import Plant
from sinks.notify.web.board import Standing
from sinks.notify.web.moments import Reader
from sinks.notify.web.phrases import PHRASES, Phrases

SHOWN_TOLD = 6
_FIRST = ("equipment", "line", "area", "source", "product", "site")
_HIDDEN = frozenset({"alertname", "severity", *_FIRST})
_MINUTE_S, _LONG_S = 60, 360_000
Holds = Literal["open", "acknowledged", "snoozed", "over"]


@dataclass(frozen=True, slots=True)
class Countdown:
    """A clock that runs down without script: two counters that go round, and stop together."""

    seconds: int

    @property
    def text(self) -> str:
        """As of when the page was made, as `mm:ss`."""
        minutes, rest = divmod(self.seconds, _MINUTE_S)
        return f"{minutes:02}:{rest:02}"

    @property
    def minute_passed(self) -> int:
        """Seconds of its round in which the counter of seconds is; a round is a minute."""
        return -self.seconds % _MINUTE_S

    @property
    def minute_rounds(self) -> int:
        """How often the counter of seconds goes round until the end."""
        return (self.seconds + self.minute_passed) // _MINUTE_S

    @property
    def long_passed(self) -> int:
        """Seconds of its round in which the counter of minutes is; a round is 6,000 of them."""
        return -self.seconds % _LONG_S

    @property
    def long_rounds(self) -> int:
        """How often the counter of minutes goes round until the end."""
        return (self.seconds + self.long_passed) // _LONG_S


@dataclass(frozen=True, slots=True)
class View:
    """One alert for one reader at one moment."""

    says: Phrases
    language: Language
    severity: Severity
    holds: Holds
    summary: str
    description: str
    value: str
    limit: str
    places: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    since: str
    elapsed_s: int
    elapsed: str
    next_names: str
    countdown: Countdown | None
    told: tuple[tuple[str, str, str], ...]
    """Name, channel, time; the newest first."""
    told_before: int
    notes: tuple[str, ...]
    """What holds, in sentences."""
    is_mine: bool
    runbook: str | None
    expires: str


def view_of(
    standing: Standing, reader: Reader, plant: Plant, now: datetime, expires_at: datetime
) -> View:
    """The page's facts."""
    says, status = PHRASES[reader.language], standing.status
    alert = status.alert
    words = alert.words.get(reader.language) or next(iter(alert.words.values()), None)
    names = {one.id: one.name for one in plant.people}
    holds = _holds(standing, now)
    elapsed_s = max(
        0, int(((alert.at if holds == "over" else now) - status.starts_at).total_seconds())
    )
    return View(
        says=says,
        language=reader.language,
        severity=alert.severity,
        holds=holds,
        summary=(words.summary if words else "") or alert.labels.get("alertname", ""),
        description=words.description if words else "",
        value=reader.quantity(alert.value, alert.unit),
        limit=reader.quantity(alert.limit, alert.unit),
        places=tuple(_places(status, plant)),
        labels=tuple(sorted(one for one in alert.labels.items() if one[0] not in _HIDDEN)),
        since=reader.moment(status.starts_at),
        elapsed_s=elapsed_s,
        elapsed=written_span(elapsed_s),
        next_names=", ".join(names.get(one, one) for one in status.escalates_to),
        countdown=_countdown(standing, holds, now),
        told=tuple(
            (
                names.get(one.name, one.name),
                one.channel if one.channel != one.name else "",
                reader.hour(one.at),
            )
            for one in reversed(status.told[-SHOWN_TOLD:])
        ),
        told_before=len(status.told[:-SHOWN_TOLD]),
        notes=tuple(_notes(standing, reader, names, now)),
        is_mine=standing.acknowledged_by == reader.id,
        runbook=_safe(alert.runbook_url),
        expires=says.expires.format(at=reader.moment(expires_at), name=reader.name),
    )


def written_span(seconds: int) -> str:
    """As `mm:ss`, from an hour on as `h:mm:ss`."""
    minutes, rest = divmod(max(seconds, 0), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _holds(standing: Standing, now: datetime) -> Holds:
    if not standing.is_firing:
        return "over"
    if standing.acknowledged_by is not None:
        return "acknowledged"
    return "snoozed" if standing.snoozed_until(now) is not None else "open"


def _notes(
    standing: Standing, reader: Reader, names: dict[str, str], now: datetime
) -> Iterator[str]:
    says, status = PHRASES[reader.language], standing.status
    by, at, until = (
        standing.acknowledged_by,
        standing.acknowledged_at,
        standing.snoozed_until(now),
    )
    if not standing.is_firing:
        yield says.resolved
        return
    if by is not None and at is not None:
        said = says.acknowledged_by_you if by == reader.id else says.acknowledged
        yield said.format(name=names.get(by, by), at=reader.moment(at))
        yield says.no_more_calls
    if until is not None:
        yield says.snoozed.format(at=reader.moment(until))
    if status.suppressed_by:
        yield says.suppressed.format(names=", ".join(status.suppressed_by))
    if status.alert.late:
        yield says.late
    if status.alert.flapping:
        yield says.flapping


def _countdown(standing: Standing, holds: Holds, now: datetime) -> Countdown | None:
    due = standing.status.escalates_at
    if holds != "open" or due is None:
        return None
    return Countdown(max(0, int((due - now).total_seconds())))


def _places(status: AlertStatus, plant: Plant) -> Iterator[str]:
    labels = status.alert.labels
    equipment = plant.find(labels.get("equipment", ""))
    if equipment is not None and equipment.name:
        yield equipment.name
    for name in _FIRST:
        if labels.get(name):
            yield labels[name]
    if "site" not in labels:
        yield plant.name


def _safe(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None
