"""What people would read of an alert: the messages of the first round of a chain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from processors.dispatch.forecast import Call, Forecast, severity_of
from processors.dispatch.plan import Recipient
from processors.rules.plan import fingerprint
from processors.rules.words import words
from schemas.alerts import AlertTransition, Notification
from schemas.plant.alerts.conditions import parts_of
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from sinks.notify.message import Kind, Message
from sinks.notify.registry import KINDS
from sinks.notify.sender import reader_of
from sinks.notify.words.compose import Wording
from sinks.notify.words.facts import LinkTo, place_of
from sinks.notify.words.sms import size

_TOKEN = "x" * 58
"""As long as that of a real link, which decides what fits into an SMS."""
_UNTITLED = frozenset({Kind.SMS, Kind.WEBHOOK})
_TAGS = ("tag", "rate_of", "deviation_of", "anomaly_of")
_LIMITS = ("above", "below", "by", "more_than", "equals")


@dataclass(frozen=True, slots=True)
class Preview:
    """One message to one recipient."""

    at: datetime
    to: Recipient
    kind: Kind
    message: Message

    @property
    def segments(self) -> int | None:
        """Of an SMS."""
        return size(self.message.text).segments if self.kind is Kind.SMS else None

    @property
    def has_title(self) -> bool:
        """Whether it has one beside its text."""
        return self.kind not in _UNTITLED and self.message.title not in self.message.text

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind.value,
            "language": self.message.language,
            "title": self.message.title,
            "text": self.message.text,
            "segments": self.segments,
        }


def sample(
    file: PlantFile, labels: Mapping[str, str], at: datetime, value: float | None
) -> AlertTransition:
    """An alert with these labels, in the words of its rule; without a value it is at its limit."""
    plant, name = file.plant, labels.get("alertname", "")
    rule = next((one for one in plant.alert_rules if one.alert == name), None)
    named = {label: one for label, one in labels.items() if label != "severity"}
    limit, unit = (None, "") if rule is None else _limit(rule, plant, named)
    seen = limit if value is None else value
    figures: dict[str, Any] = {"value": seen, "limit": limit, "unit": unit}
    severity = severity_of(labels)
    fields = figures | _names(rule, plant, named) | {"alertname": name, "severity": severity}
    return AlertTransition(
        plant_version=file.version,
        site=plant.site_path(),
        fingerprint=fingerprint(named),
        starts_at=at - (rule.for_ if rule is not None else timedelta()),
        at=at,
        state="firing",
        severity=severity,
        labels=named,
        **figures,
        words={} if rule is None else words(rule, fields),
        runbook_url=None if rule is None else rule.runbook_url,
        generator="rule",
    )


def previews(file: PlantFile, alert: AlertTransition, forecast: Forecast) -> Iterator[Preview]:
    """The messages of the first round, step by step; later rounds say the same again."""
    plant = file.plant
    place = place_of(plant.name, {one.id: one.name for one in plant.people})
    wording = Wording(place, _link(plant))
    people = {one.id: one for one in plant.people}
    pairs = zip(forecast.calls, (*forecast.calls[1:], None), strict=True)
    for call, following in pairs:
        for to in call.recipients if call.round == 0 else ():
            settings = plant.channels[to.channel]
            kind = KINDS[settings.type]
            told = _notification(alert, forecast, (call, following), to)
            reader = reader_of(plant, settings, people.get(to.name))
            payload = getattr(settings, "payload", None)
            yield Preview(call.at, to, kind, wording.message(kind, told, reader, template=payload))


def _notification(
    alert: AlertTransition, forecast: Forecast, calls: tuple[Call, Call | None], to: Recipient
) -> Notification:
    call, following = calls
    others = {one.name for one in call.recipients} - {to.name}
    then = () if following is None else tuple(dict.fromkeys(o.name for o in following.recipients))
    return Notification(
        plant_version=alert.plant_version,
        site=alert.site,
        id="preview",
        group="preview",
        group_labels=dict(forecast.group_labels),
        why="escalated" if call.step else "firing",
        at=call.at,
        expires_at=call.at + timedelta(days=1),
        recipient=to.name,
        channel=to.channel,
        fallback=to.fallback,
        severity=alert.severity,
        alerts=(alert,),
        total=1,
        step=call.step,
        escalates_at=None if following is None else following.at,
        escalates_to=then,
        told=tuple(sorted(others)),
    )


def _link(plant: Plant) -> LinkTo:
    outside = plant.alerts.external_url if plant.alerts else None
    return lambda _, __: None if outside is None else f"{outside.rstrip('/')}/a/{_TOKEN}"


def _names(rule: AlertRule | None, plant: Plant, labels: Mapping[str, str]) -> dict[str, Any]:
    """What the rule's texts may name besides the figures."""
    found = plant.find(labels.get("equipment", ""))
    place = {} if found is None else {"area": found.area, "line": found.line}
    known = {**place, **(rule.labels if rule is not None else {}), **labels}
    told: dict[str, Any] = {
        name: known[name] for name in ("area", "line", "source") if name in known
    }
    if found is not None:
        told["equipment"] = found.name or found.id
    return told | {"site": plant.name, "labels": known}


def _limit(
    rule: AlertRule, plant: Plant, labels: Mapping[str, str]
) -> tuple[float | str | None, str]:
    """The first limit of the rule's condition, with the unit of its tag."""
    equipment = plant.find(labels.get("equipment", ""))
    units = {} if equipment is None else {one.name: one.unit for one in equipment.tags}
    for part in parts_of(rule.when):
        limits = [getattr(part, name, None) for name in _LIMITS]
        limit = next((one for one in limits if one is not None), None)
        if limit is not None:
            tags = (getattr(part, name, None) for name in _TAGS)
            unit = next((units.get(tag) for tag in tags if tag is not None), None)
            return limit if isinstance(limit, str) else float(limit), unit or ""
    return None, ""
