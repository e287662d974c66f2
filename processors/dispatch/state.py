"""What the dispatcher remembers: frozen rows of alerts, groups, silences, timings and floods."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from schemas.acts import Silence
from schemas.alerts import AlertTransition, Severity, Told

KEPT = timedelta(days=3)
"""So long what is over is remembered, so that a repeat of it changes nothing."""
_LAST = datetime.max.replace(tzinfo=UTC) - KEPT


def remembered_until(moment: datetime) -> datetime:
    """When what is over at this moment is forgotten."""
    return min(moment, _LAST) + KEPT


News = Literal["", "new", "reminder", "resolved"]
Address = tuple[str, str]
"""Recipient and channel."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody did that keeps an alert quiet."""

    by: str
    at: datetime
    until: datetime | None
    statement: str


@dataclass(frozen=True, slots=True)
class Membership:
    """An alert in one of its groups."""

    group: str
    news: News = ""
    """What is to be told of it there."""
    told: Severity | None = None
    """How severe it was when it was told there last."""
    anchor: datetime | None = None
    """Since when it has been told and nobody has answered; None while it is quiet."""
    told_to: tuple[Address, ...] = ()
    muted: tuple[str, ...] = ()
    """Mute timings of the route that hold for it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert and what was done about it."""

    id: str
    alert: AlertTransition
    """Its newest transition."""
    risen_at: datetime
    """When its severity became what it is."""
    fired_at: datetime | None = None
    groups: tuple[Membership, ...] = ()
    silenced: tuple[str, ...] = ()
    inhibited: tuple[str, ...] = ()
    acknowledged: Answer | None = None
    snoozed: Answer | None = None
    asked: str | None = None
    """Who acknowledged last; they are asked again."""
    acted: tuple[datetime, str] | None = None
    """Time and name of the newest act; older ones change nothing."""
    nonces: tuple[str, ...] = ()
    """Of links that were used."""
    told: tuple[Told, ...] = ()
    forget_at: datetime | None = None
    is_astray: bool = False
    """Whether a version of the plant file that another one had replaced led it where it is."""

    @property
    def is_firing(self) -> bool:
        """Whether it is."""
        return self.alert.state == "firing"

    @property
    def is_answered(self) -> bool:
        """Whether somebody takes care of it."""
        return self.acknowledged is not None or self.snoozed is not None

    def is_active(self, membership: Membership) -> bool:
        """Whether it is to be told in this group."""
        if not self.is_firing or self.is_answered:
            return False
        return not (self.silenced or self.inhibited or membership.muted)

    @property
    def suppressed_by(self) -> tuple[str, ...]:
        """What keeps it quiet, in words."""
        muted = {name for one in self.groups for name in one.muted}
        return (
            *(f"silence {one}" for one in self.silenced),
            *(f"inhibited by {one}" for one in self.inhibited),
            *(f"mute timing {one}" for one in sorted(muted)),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts that are told together, and how far their escalation is."""

    id: str
    receiver: str
    labels: dict[str, str]
    wait: timedelta
    interval: timedelta
    repeat: timedelta
    mute: tuple[str, ...] = ()
    flush_at: datetime | None = None
    """When news are told."""
    waved_at: datetime | None = None
    """When news were told last; None is a group of which nothing was told yet, or that is over."""
    severity: Severity | None = None
    """The highest that was told then."""
    spoke_at: datetime | None = None
    """When anything was told last."""
    position: int = -1
    """How far the chain is; -1 is not begun."""
    stepped_at: datetime | None = None
    """When that position was told."""
    is_idle: bool = False
    """Whether there was nobody to tell."""
    steps_at: tuple[datetime | None, ...] = ()
    """When each step was told last."""
    anchors: tuple[tuple[datetime, int], ...] = ()
    """Since when how many of its alerts have been waiting for an answer."""
    paged: tuple[str, ...] = ()
    """Paging services that were told that it fires."""
    calmed: tuple[str, ...] = ()
    """Those of them that were told since then that somebody takes care of it."""
    due: datetime | None = None
    """When news, the next step, or a repetition is due."""

    @property
    def pressing(self) -> tuple[str, ...]:
        """Paging services for which nobody takes care of it."""
        return tuple(one for one in self.paged if one not in self.calmed)


@dataclass(frozen=True, slots=True)
class KnownSilence:
    """A silence, or the word that one was expired that nobody has heard of yet."""

    id: str
    silence: Silence | None = None
    expired_at: datetime | None = None
    is_on: bool = False
    due: datetime | None = None
    """When it begins, ends, or is forgotten."""


@dataclass(frozen=True, slots=True)
class Muting:
    """How a mute timing stands."""

    name: str
    is_on: bool
    is_maintenance: bool
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Hand:
    """How a schedule stands: what was told last of it, and the next hand-over."""

    schedule: str
    starts_at: datetime
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a group had to say to somebody in a flood."""

    group: str
    alerts: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class Flow:
    """Messages to one recipient, and what is held back for the next summary."""

    recipient: str
    times: tuple[datetime, ...] = ()
    held: tuple[Held, ...] = ()
    channels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """On which the summary is told, with their fallbacks."""
    examples: tuple[str, ...] = ()
    """Ids of some of the alerts."""
    summed_at: datetime | None = None
    due: datetime | None = None
    incidents: tuple[str, ...] = ()
    """Summaries that stand open at a paging service."""
    is_calm: bool = False
    """Whether it was told that somebody takes care of all of them."""


@dataclass(frozen=True, slots=True)
class Taking:
    """Somebody took over in a schedule."""

    statement: str
    schedule: str
    person: str
    said_at: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """What is not a row by itself."""

    plant_version: str = ""
    retired: tuple[tuple[str, datetime], ...] = ()
    """Versions of the plant file that others have replaced, and when."""
    now: datetime | None = None
    """What was due by then is done."""
