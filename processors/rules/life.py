"""The life of one alert: inactive, pending, firing, resolved; by event time, whatever the ticks.

What is due at an instant comes before what is seen at that instant: a condition that held from T
until exactly T + `for` has held for so long.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from processors.rules.times import HOUR, NEVER, span
from schemas.alerts import SEVERITIES, AlertState, Severity
from schemas.plant.alerts.rules import AlertRule

Phase = Literal["inactive", "pending", "firing"]
_REMEMBERED = 10
"""Episodes of the last hour, where flapping asks for no more."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What a rule says of time, in microseconds."""

    severity: Severity
    wait: int = 0
    """`for`."""
    keep: int = 0
    """`keep_firing_for`."""
    rungs: tuple[tuple[int, Severity], ...] = ()
    flapping: int = 0

    @classmethod
    def of(cls, rule: AlertRule) -> "Timing":
        """The timing of this rule."""
        rungs = tuple((span(rung.after), rung.severity) for rung in rule.ladder)
        wait, keep = span(rule.for_), span(rule.keep_firing_for)
        return cls(rule.severity, wait, keep, rungs, rule.flapping)


class Episode(NamedTuple):
    """A firing that is over: when its condition became true, and when it was resolved."""

    since: int
    ended: int


@dataclass(frozen=True, slots=True)
class Life:
    """Where an alert stands."""

    phase: Phase = "inactive"
    since: int = 0
    """When the condition became true. Inactive: when something began that ended at that instant."""
    over: int | None = None
    """Firing: when the condition ceased to be true."""
    severity: Severity = "info"
    flapping: bool = False
    at: int = NEVER
    """When it last changed; nothing happens to it before."""
    past: tuple[Episode, ...] = ()
    """Firings that ended within about an hour, the oldest first."""

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to remember."""
        return self.phase == "inactive" and not self.past and not self.since

    def covers(self, at: int) -> bool:
        """Whether it was pending or firing at this instant already."""
        open_now = self.phase != "inactive" and self.since <= at
        return open_now or any(one.since <= at < one.ended for one in self.past)


REST = Life()


class Change(NamedTuple):
    """A transition: what the alert that began at `since` became, and when."""

    state: AlertState
    at: int
    life: Life


def due(life: Life, timing: Timing) -> int | None:
    """When something happens by itself."""
    match life.phase:
        case "pending":
            return life.since + timing.wait
        case "firing":
            moments = (_resolves_at(life, timing), _rises_at(life, timing))
            return min((at for at in moments if at is not None), default=None)
        case _:
            return life.past[0].ended + HOUR if life.past else None


def elapse(life: Life, timing: Timing, until: int) -> tuple[Life, list[Change]]:
    """What happens by itself up to this instant, the instant included."""
    changes: list[Change] = []
    at = due(life, timing)
    while at is not None and at <= until:
        life, told = _happen(life, timing, at)
        changes += told
        at = due(life, timing)
    return life, changes


def observe(life: Life, timing: Timing, at: int, truth: bool) -> tuple[Life, list[Change]]:
    """The condition is so from this instant on; what was due before has happened."""
    match life.phase, truth:
        case "inactive", True:
            return _begin(life, timing, at)
        case "pending", False:
            return _end(life, timing, at)
        case "firing", True if life.over is not None:
            return replace(life, over=None, at=at), []
        case "firing", False if life.over is None:
            life = replace(life, over=at, at=at)
            return elapse(life, timing, at)
        case _:
            return life, []


def abandon(life: Life, timing: Timing, at: int) -> tuple[Life, list[Change]]:
    """Nobody asks any more: what is pending is dropped, what fires is resolved."""
    if life.phase == "inactive":
        return life, []
    return _end(life, timing, max(at, life.at))


def _happen(life: Life, timing: Timing, at: int) -> tuple[Life, list[Change]]:
    if life.phase == "pending":
        return _fire(life, timing, at)
    if life.phase == "inactive":
        return replace(life, past=life.past[1:]), []
    if _resolves_at(life, timing) == at:
        return _end(life, timing, at)
    reached = [name for after, name in timing.rungs if life.since + timing.wait + after <= at]
    life = replace(life, severity=reached[-1], at=at)
    return life, [Change("firing", at, life)]


def _begin(life: Life, timing: Timing, at: int) -> tuple[Life, list[Change]]:
    # No two alerts may begin at the same instant: it is part of their name.
    before = [one.since for one in life.past[-1:]] + [life.since] * bool(life.since)
    since = max([at, *(one + 1 for one in before)])
    life = Life("pending", since, severity=timing.severity, at=at, past=life.past)
    if timing.wait == 0:
        return _fire(life, timing, since)
    return life, [Change("pending", since, life)]


def _fire(life: Life, timing: Timing, at: int) -> tuple[Life, list[Change]]:
    recent = [one for one in life.past if one.since + timing.wait + HOUR > at]
    flaps = bool(timing.flapping) and len(recent) + 1 >= timing.flapping
    life = replace(life, phase="firing", at=at, flapping=flaps)
    return life, [Change("firing", at, life)]


def _end(life: Life, timing: Timing, at: int) -> tuple[Life, list[Change]]:
    change = Change("resolved", at, life)
    past = life.past
    if life.phase == "firing":
        past = (*past, Episode(life.since, at))[-max(timing.flapping, _REMEMBERED) :]
    began = life.since if life.phase == "pending" and life.since == at else 0
    return (Life(since=began, at=at, past=past) if past or began else REST), [change]


def _resolves_at(life: Life, timing: Timing) -> int | None:
    """What flaps has to be quiet for an hour."""
    if life.over is None:
        return None
    return life.over + (max(timing.keep, HOUR) if life.flapping else timing.keep)


def _rises_at(life: Life, timing: Timing) -> int | None:
    return next(_rungs_above(life, timing), None)


def _rungs_above(life: Life, timing: Timing) -> Iterator[int]:
    told = SEVERITIES.index(life.severity)
    for after, severity in timing.rungs:
        if SEVERITIES.index(severity) > told:
            yield life.since + timing.wait + after
