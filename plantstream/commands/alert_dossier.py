"""Everything that topics say of one alert."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from plantstream.commands.alert_names import find
from plantstream.commands.alert_view import zone_of
from plantstream.commands.silences import Stood, silences_of
from plantstream.commands.site_plant import zones
from plantstream.commands.topic_records import acts, records, statuses
from plantstream.runtime.settings import KafkaSettings
from schemas.alerts import (
    AlertHandled,
    AlertStatus,
    AlertTransition,
    DeliveryAttempt,
    Notification,
)
from schemas.topics import ALERT, DELIVERY, NOTIFICATION


@dataclass(slots=True)
class Dossier:
    """An alert, and all that was said of it."""

    status: AlertStatus
    zone: ZoneInfo
    history: list[AlertTransition | AlertHandled] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    attempts: list[DeliveryAttempt] = field(default_factory=list)
    silences: list[Stood] = field(default_factory=list)


async def dossier(kafka: KafkaSettings, word: str, site: str | None) -> Dossier:
    """All of the alert that this word means.

    Raises:
        typer.BadParameter: it means none, or more than one.
    """
    status = find([word], await statuses(kafka, site))[0]
    name, fingerprint = status.alert_id(), status.fingerprint
    found = Dossier(status, zone_of(status, await zones(kafka)))
    of_alert = {"alert_transition", "alert_handled"}
    past = {
        one.record_id(): one
        async for one in records(kafka, ALERT, fingerprint)
        if one.type in of_alert and one.alert_id() == name
    }
    found.history = sorted(past.values(), key=lambda one: one.at)
    async for told in records(kafka, NOTIFICATION, fingerprint):
        if name in {one.alert_id() for one in told.alerts}:
            found.notifications.append(told)
    async for attempt in records(kafka, DELIVERY, fingerprint):
        if name in attempt.alerts:
            found.attempts.append(attempt)
    known = silences_of(await acts(kafka, status.site))
    holding = {one.removeprefix("silence ") for one in status.suppressed_by}
    found.silences = [one for one in known.values() if one.silence.statement in holding]
    return found
