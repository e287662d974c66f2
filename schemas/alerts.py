"""Alerts: what became true and when, what people did about it, and who was told."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from schemas.record import EquipmentPath, Frozen, SitePath, UtcTime

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""From the least to the most severe."""
MAINTENANCE = "Maintenance"
"""The alert of an equipment that people maintain: it mutes others, and is never escalated."""
AlertState = Literal["pending", "firing", "resolved"]


class Words(Frozen):
    """What people read of an alert, in one language."""

    summary: str = Field(max_length=2000)
    description: str = Field(default="", max_length=4000)


class AlertRecord(Frozen):
    """What every record of one alert has in common."""

    version: int = Field(default=1, ge=1, le=1)
    run: str = Field(default="", max_length=64)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    fingerprint: str = Field(min_length=1, max_length=100)
    """Of its labels, without severity: the same alert at another time has the same one."""
    starts_at: UtcTime
    """When the condition became true, by event time: with `fingerprint` it names the alert."""
    at: UtcTime
    """When this became so, by event time."""

    def partition_key(self) -> str:
        """The site."""
        return self.site

    def alert_id(self) -> str:
        """The alert that it is about."""
        return "|".join((self.run, self.fingerprint, self.starts_at.isoformat()))


class AlertExcursion(Frozen):
    """What an alert says to quality: it opens deviations of batches that are made meanwhile."""

    severity: Literal["minor", "major", "critical"]
    area: str | None = Field(default=None, max_length=40)
    """Compliance area."""
    equipment: EquipmentPath
    concerns: str = Field(min_length=1, max_length=500)
    """The path of the equipment, line or area whose batches it concerns."""
    tag: str = Field(min_length=1, max_length=100)
    fired_at: UtcTime
    worst: float | None = None
    """The value that was furthest beyond the limit since the condition became true."""
    limit: float | None = None
    """The one that `worst` is beyond."""


class AlertTransition(AlertRecord):
    """An alert became pending, firing (or more severe), or resolved; a repeat changes nothing."""

    type: Literal["alert_transition"] = "alert_transition"
    state: AlertState
    severity: Severity
    labels: dict[str, str]
    """With `alertname`; without severity, which may rise."""
    value: float | str | None = None
    """What the condition saw at `at`."""
    limit: float | str | None = None
    unit: str = Field(default="", max_length=50)
    words: dict[str, Words] = Field(default_factory=dict)
    """By language."""
    runbook_url: str | None = Field(default=None, max_length=500)
    late: bool = False
    """What it stands on arrived after newer facts of the same kind."""
    flapping: bool = False
    """It fires and is resolved again and again; told once until it has become quiet."""
    excursion: AlertExcursion | None = None
    """Once it has fired, of a rule with `deviation`."""
    generator: str = Field(min_length=1, max_length=200)
    """`rule`, or `prometheus/SENDER`: only that sender may resolve it."""

    def record_id(self) -> str:
        """What the transition is named by."""
        return "|".join((self.alert_id(), self.state, self.severity))


Handling = Literal[
    "acknowledged", "unacknowledged", "snoozed", "silenced", "muted", "inhibited", "escalated"
]


class AlertHandled(AlertRecord):
    """What people or the dispatcher did about an alert; the newest of a kind holds."""

    type: Literal["alert_handled"] = "alert_handled"
    handling: Handling
    holds: bool = True
    """False where it is over: a silence has ended, a snooze has run out."""
    until: UtcTime | None = None
    by: str | None = Field(default=None, max_length=100)
    """Who did it; None is the dispatcher."""
    because: str = Field(default="", max_length=500)
    """The comment, the silence, the mute timing, the inhibiting alert, or the step."""
    statement: str | None = Field(default=None, max_length=64)
    """The act of a person that it follows from."""

    def record_id(self) -> str:
        """What it is named by."""
        parts = (self.alert_id(), self.handling, str(self.holds), self.at.isoformat())
        return "|".join(parts)


class Told(Frozen):
    """Somebody was told, or will be."""

    at: UtcTime
    name: str = Field(min_length=1, max_length=100)
    """Who: the id of a person or of an endpoint."""
    channel: str = Field(min_length=1, max_length=100)


class AlertStatus(AlertRecord):
    """All that is known of an alert by now: for pages, screens and commands."""

    type: Literal["alert_status"] = "alert_status"
    alert: AlertTransition
    """Its newest transition."""
    fired_at: UtcTime | None = None
    acknowledged_by: str | None = Field(default=None, max_length=100)
    acknowledged_at: UtcTime | None = None
    snoozed_until: UtcTime | None = None
    suppressed_by: tuple[str, ...] = ()
    """Silences, mute timings and alerts that keep it quiet."""
    receivers: tuple[str, ...] = ()
    step: int = Field(default=0, ge=0)
    """How far it was escalated."""
    escalates_at: UtcTime | None = None
    escalates_to: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    """The newest last; at most 50."""
    paged: tuple[str, ...] = ()
    """Its groups of which a service that pages people itself was told with it."""

    def record_id(self) -> str:
        """The site and the fingerprint: the newest alert of these labels."""
        return f"{self.run}|{self.site}|{self.fingerprint}"


class OnCallShift(Frozen):
    """Who is on call in a schedule, from one hand-over to the next."""

    type: Literal["on_call_shift"] = "on_call_shift"
    version: int = Field(default=1, ge=1, le=1)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    schedule: str = Field(min_length=1, max_length=100)
    starts_at: UtcTime
    ends_at: UtcTime | None = None
    people: tuple[str, ...]
    """Ids, one of each layer that is on duty, the first layer first; empty is nobody."""

    def partition_key(self) -> str:
        """The site."""
        return self.site

    def record_id(self) -> str:
        """What it is named by."""
        return "|".join((self.site, self.schedule, self.starts_at.isoformat()))


Why = Literal[
    "firing",
    "changed",
    "repeat",
    "escalated",
    "reminder",
    "acknowledged",
    "withdrawn",
    "resolved",
    "summary",
    "maintenance",
]
"""Only services that page people themselves are told `acknowledged`, and `withdrawn` before they
are told anew what nobody takes care of any more."""


class Notification(Frozen):
    """Somebody is to be told something, on one way; the newest of an id holds."""

    type: Literal["notification"] = "notification"
    version: int = Field(default=1, ge=1, le=1)
    plant_version: str = Field(min_length=1, max_length=64)
    site: SitePath
    id: str = Field(min_length=1, max_length=200)
    """Of group, reason, step and time, person and channel: the same causes give the same one."""
    group: str = Field(min_length=1, max_length=200)
    """The group of alerts; messages of one group keep their order."""
    group_labels: dict[str, str] = Field(default_factory=dict)
    why: Why
    at: UtcTime
    """When it was decided, by event time."""
    expires_at: UtcTime
    """After this nobody is helped by it any more."""
    recipient: str = Field(min_length=1, max_length=100)
    """Id of a person, or of an endpoint such as a Slack channel."""
    channel: str = Field(min_length=1, max_length=100)
    """As the plant file names it."""
    fallback: tuple[str, ...] = ()
    """Channels to be tried where this one does not deliver."""
    severity: Severity
    """The highest of its alerts."""
    alerts: tuple[AlertTransition, ...] = Field(max_length=50)
    total: int = Field(ge=0)
    """Alerts in the group; more than are listed in a storm."""
    step: int = Field(default=0, ge=0)
    escalates_at: UtcTime | None = None
    escalates_to: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """Who is told besides."""
    comment: str = Field(default="", max_length=500)

    def partition_key(self) -> str:
        """The group."""
        return self.group

    def record_id(self) -> str:
        """What it is named by."""
        return self.id


_FLOOD = "flood"


def flood_group(recipient: str) -> str:
    """The group of summaries that somebody is told in place of a flood."""
    return f"{_FLOOD}:{recipient}"


def flood_incident(channel: str, at: datetime) -> str:
    """The group of one summary at a service that pages people itself: an incident of its own."""
    return f"{flood_group(channel)}:{at:%Y%m%dT%H%M%S.%f}"


def is_flood_incident(group: str) -> bool:
    """Whether this is the group of such a summary; names of receivers hold no colon."""
    kind, *rest = group.split(":")
    return kind == _FLOOD and len(rest) > 1


Outcome = Literal["intent", "delivered", "accepted", "failed", "refused", "expired", "unknown"]
"""`accepted`: the provider took it; `delivered`: it says that it arrived; `refused`: for good."""


class DeliveryAttempt(Frozen):
    """A message is about to be sent, or what became of it."""

    type: Literal["delivery_attempt"] = "delivery_attempt"
    version: int = Field(default=1, ge=1, le=1)
    site: SitePath
    notification: str = Field(min_length=1, max_length=200)
    group: str = Field(min_length=1, max_length=200)
    channel: str = Field(min_length=1, max_length=100)
    recipient: str = Field(min_length=1, max_length=100)
    attempt: int = Field(ge=1)
    outcome: Outcome
    repeated: bool = False
    """Sent a second time, because nobody knows whether the first one arrived."""
    provider_id: str | None = Field(default=None, max_length=200)
    detail: str = Field(default="", max_length=1000)
    at: UtcTime
    alerts: tuple[str, ...] = ()
    """Ids of the alerts that it was about."""

    def partition_key(self) -> str:
        """The group, as of its notification."""
        return self.group

    def record_id(self) -> str:
        """Notification, channel and recipient."""
        return "|".join((self.notification, self.channel, self.recipient))
