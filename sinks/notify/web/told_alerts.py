"""Alerts as Prometheus and Alertmanager tell them, and as our records of them. Pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from schemas.alerts import Severity
from schemas.record import EventId, UtcTime
from schemas.site import ExternalAlert
from schemas.topics import SITE
from sinks.notify.web.publishing import Saying

_YEARS = range(1970, 9999)
"""Go writes the year 1 for no time, and others zero by their own clock, or the last day of all."""
_MOST_LABELS = 100
_NOBODY = EventId(source="?", epoch="?", seq=0)
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Label = Annotated[str, StringConstraints(max_length=1_000)]
_Annotation = Annotated[str, StringConstraints(max_length=4_000)]
_CRITICAL = frozenset({"critical", "page", "error", "emergency", "fatal", "disaster", "p1"})
_INFO = frozenset({"info", "none", "notice", "debug", "ok"})


class Told(BaseModel):
    """One alert of a post."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    status: Literal["firing", "resolved"] | None = None
    labels: dict[_Name, _Label] = Field(min_length=1, max_length=_MOST_LABELS)
    annotations: dict[_Name, _Annotation] = Field(default={}, max_length=_MOST_LABELS)
    starts_at: UtcTime | None = None
    ends_at: UtcTime | None = None
    generator_url: str = Field(default="", alias="generatorURL", max_length=2000)


@dataclass(frozen=True, slots=True)
class Post:
    """What a post holds: alerts, and why some of it are none."""

    alerts: tuple[Told, ...]
    mistakes: tuple[str, ...] = ()


class NoAlertsError(ValueError):
    """This is no post of alerts."""


class TooManyError(ValueError):
    """A post holds more alerts than are taken at once."""


def read_webhook(body: bytes, most: int) -> Post:
    """The body of Alertmanager's webhook, version 4.

    Raises:
        ValueError: no JSON, another version, or no list of alerts.
    """
    document = from_json(body)
    if not isinstance(document, dict) or document.get("version") != "4":
        raise NoAlertsError("no webhook of Alertmanager, version 4")
    return _post(document.get("alerts"), most)


def read_api(body: bytes, most: int) -> Post:
    """The body of `POST /api/v2/alerts`, as Prometheus sends it.

    Raises:
        ValueError: no JSON, or no list of alerts.
    """
    return _post(from_json(body), most)


def external(told: Told, sender: str, site: str, plant: str, now: datetime) -> ExternalAlert:
    """The record, without its event id. Without times it fires since now."""
    ends_at = _real(told.ends_at)
    status = told.status or ("resolved" if ends_at is not None and ends_at <= now else "firing")
    starts_at = _real(told.starts_at) or (ends_at if status == "resolved" else None) or now
    return ExternalAlert(
        id=_NOBODY,
        plant_version=plant,
        source_time=min(ends_at or now, now) if status == "resolved" else now,
        ingest_time=now,
        site=site,
        sender=sender,
        status=status,
        labels=told.labels,
        annotations=told.annotations,
        severity=severity_of(told.labels),
        starts_at=starts_at,
        ends_at=ends_at,
        generator_url=told.generator_url,
    )


def severity_of(labels: Mapping[str, str]) -> Severity:
    """By the label `severity`; what nobody has graded is a warning."""
    told = labels.get("severity", "").lower()
    if told in _CRITICAL:
        return "critical"
    return "info" if told in _INFO else "warning"


def saying_of(alert: ExternalAlert) -> Saying:
    """As a record of `plant.site.v1`."""

    def named(event: EventId) -> BaseModel:
        return alert.model_copy(update={"id": event})

    return Saying(SITE, alert.site, f"{alert.sender}/{digest(alert.labels)[:32]}", named)


def digest(said: Any) -> str:
    """The same for what says the same."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def digest_of(told: Told, sender: str) -> str:
    """Of one alert of one sender, with all that it says, in the order in which it says it."""
    return hashlib.sha256(f"{sender}|{told.model_dump_json()}".encode()).hexdigest()


def _post(given: Any, most: int) -> Post:
    if not isinstance(given, list):
        raise NoAlertsError("no list of alerts")
    if len(given) > most:
        raise TooManyError(f"{len(given)} alerts at once, {most} are taken: set max_alerts")
    mistakes: list[str] = []
    return Post(tuple(_read(given, mistakes)), tuple(mistakes))


def _read(given: list[Any], mistakes: list[str]) -> Iterator[Told]:
    for number, one in enumerate(given):
        try:
            yield Told.model_validate(one)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part)[:50] for part in first["loc"])
            mistakes.append(f"alert {number}: {where}: {first['msg']}")


def _real(at: datetime | None) -> datetime | None:
    return None if at is None or at.year not in _YEARS else at
