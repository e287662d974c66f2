"""Which alert goes to whom, in Alertmanager's words; and what keeps alerts quiet."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from schemas.alerts import Severity
from schemas.plant.alerts.matchers import LabelMatcher
from schemas.plant.alerts.people import Window
from schemas.plant.alerts.rules import LabelName
from schemas.plant.times import Span
from schemas.plant.values import Name, Strict


class Receiver(Strict):
    """Who is told, on which ways."""

    chain: Name
    """The escalation chain; its first step is told at once."""
    channels: dict[Severity, list[Name]] = Field(default_factory=dict)
    """For people: on which channels; a severity that is not named takes those of the alerts' own
    matrix."""
    escalates: bool = True
    """Whether later steps of the chain are taken."""
    send_resolved: bool = True
    """Whether those who were told are told that it is over."""
    cooldown: Span | None = None
    """The same step is not told to the same person again before this has passed; empty is the
    alerts' own."""


class Route(Strict):
    """A node of the routing tree; what is empty is as at the node above."""

    matchers: list[LabelMatcher] = Field(default_factory=list)
    """Which alerts, as in Alertmanager; all of them have to fit."""
    receiver: Name | None = None
    """Key of `receivers`."""
    go_on: bool = Field(default=False, alias="continue")
    """Whether the nodes beside it are looked at as well."""
    group_by: list[LabelName] | None = None
    """Alerts with the same of these labels are told together; `...` in Alertmanager is [all]."""
    group_wait: Span | None = None
    """So long the first message waits for others of its group."""
    group_interval: Span | None = None
    """News of a group come at most this often."""
    repeat_interval: Span | None = None
    """What still fires and nobody acknowledged is told again."""
    mute: list[Name] = Field(default_factory=list)
    """Mute timings."""
    routes: list["Route"] = Field(default_factory=list)
    """Nodes below, of which the first that fits is taken."""


class RootRoute(Route):
    """The root, which holds for all that no other node matches."""

    receiver: Name
    group_by: list[LabelName] = Field(default_factory=lambda: ["alertname"])
    group_wait: Span = timedelta(seconds=0)
    group_interval: Span = timedelta(minutes=5)
    repeat_interval: Span = timedelta(hours=4)


class Inhibition(Strict):
    """While an alert of the one kind fires, those of the other kind are quiet."""

    source: list[LabelMatcher] = Field(min_length=1)
    """While an alert like this fires …"""
    target: list[LabelMatcher] = Field(min_length=1)
    """… alerts like this are quiet."""
    equal: list[LabelName] = Field(default_factory=list)
    """Labels that have to be the same in both."""


class MuteTiming(Strict):
    """Time in which alerts page nobody; those that outlive it are told then."""

    calendar: Name | None = None
    """A production calendar."""
    when: list[Literal["not_scheduled", "break", "maintenance", "holiday", "no_shift"]] = Field(
        default_factory=list
    )
    """What the calendar says."""
    maintenance: bool = False
    """While maintenance of the alert's equipment is announced by a person."""
    windows: list[Window] = Field(default_factory=list)
    """In the plant's time zone."""
    at_most: Severity = "warning"
    """More severe alerts are not muted."""


class Flood(Strict):
    """More messages to one recipient than this become one summary."""

    more_than: int = Field(default=20, ge=1)
    """Messages to one recipient."""
    within: Span = timedelta(minutes=10)
    """In this span."""


class Alerts(Strict):
    """How alerts reach people; routes, receivers and chains in one place."""

    route: RootRoute
    """The root of the routing tree."""
    receivers: dict[Name, Receiver] = Field(min_length=1)
    """Who is told."""
    matrix: dict[Severity, list[Name]]
    """On which channels people are told, by severity."""
    inhibitions: list[Inhibition] = Field(default_factory=list)
    """What is quiet while something else fires."""
    mute_timings: dict[Name, MuteTiming] = Field(default_factory=dict)
    """Times in which routes that name them page nobody."""
    flood: Flood = Field(default_factory=Flood)
    """When messages become a summary."""
    cooldown: Span = timedelta(minutes=5)
    """The same step is not told to the same person again before this has passed."""
    acknowledged_for: Span = timedelta(hours=8)
    """After this somebody who acknowledged is asked again; 0 never."""
    external_url: str | None = Field(default=None, pattern=r"^https?://[^?#]+$")
    """Where people's devices reach the pages of `notify`."""
    link_expires: Span = timedelta(hours=24)
    """How long a link in a message may be used."""
