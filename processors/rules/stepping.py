"""One step of one rule: what its condition comes to at an instant, and what its alert becomes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from processors.rules import excursions
from processors.rules.conditions import Look
from processors.rules.life import Change, Life, abandon, due, elapse, observe
from processors.rules.plan import Watched
from processors.rules.sight import Seen
from processors.rules.signals import BATCH, Signals
from processors.rules.state import Instance
from processors.rules.times import NEVER, instant
from processors.rules.words import words
from schemas.alerts import AlertExcursion, AlertTransition


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at an instant, and since when anything is."""

    signals: Signals
    born: int


class Stepped(NamedTuple):
    """What became of an instance, and why."""

    instance: Instance
    changes: list[Change]
    seen: Seen
    is_planned: bool
    due: int | None
    worst_before: float | None = None
    """Of the alert that was before, if this step ended it."""


def step(watched: Watched, instance: Instance, at: int, known: Known) -> Stepped:
    """Look at the condition at this instant; what was due by then comes first.

    Outside of planned time, where the rule asks for it, what is pending is dropped and what fires
    is resolved.
    """
    floor, changes_at = _floor(watched, at, known.signals)
    life, changes = elapse(instance.life, watched.timing, at)
    if floor is None:
        life, more = abandon(life, watched.timing, at)
        left = replace(instance, life=life, truth=False, memory=(), at=at, worst=None)
        end = _earliest(due(life, watched.timing), changes_at)
        return Stepped(left, [*changes, *more], Seen(None), False, end, instance.worst)
    look = Look(known.signals, at, floor, known.born, _memory(watched, instance))
    seen = look.see(watched.condition)
    truth = _decided(watched, instance, seen.truth)
    life, more = observe(life, watched.timing, at, truth)
    before = instance.life, instance.worst
    after = replace(
        instance,
        life=life,
        worst=excursions.worst(watched.rule, before, life, seen),
        memory=tuple(look.memory),
        truth=instance.truth if seen.truth is None else seen.truth,
        at=at,
    )
    end = _earliest(due(life, watched.timing), look.changes_at, changes_at)
    return Stepped(after, [*changes, *more], seen, True, end, instance.worst)


def due_after(watched: Watched, instance: Instance, at: int, known: Known) -> int | None:
    """When this rule has something to find out, if it was looked at last at this instant."""
    floor, changes_at = _floor(watched, at, known.signals)
    own = due(instance.life, watched.timing)
    if floor is None:
        return _earliest(own, changes_at)
    look = Look(known.signals, at, floor, known.born, _memory(watched, instance))
    look.see(watched.condition)
    return _earliest(own, look.changes_at, changes_at)


def told(
    watched: Watched,
    change: Change,
    done: Stepped,
    common: Mapping[str, Any],
) -> AlertTransition:
    """The transition as a record; `common` is what all of its state have in common."""
    life, seen = change.life, done.seen
    figures: dict[str, Any] = {"value": seen.value, "limit": seen.limit, "unit": seen.unit}
    labels = watched.labels
    fields = {
        **figures,
        **{name: labels[name] for name in ("line", "area", "source") if name in labels},
        **watched.names,
        "labels": labels,
        "alertname": watched.rule.alert,
        "severity": life.severity,
    }
    return AlertTransition(
        **common,
        fingerprint=watched.fingerprint,
        starts_at=instant(life.since),
        at=instant(change.at),
        state=change.state,
        severity=life.severity,
        labels=dict(labels),
        **figures,
        words=words(watched.rule, fields),
        runbook_url=watched.rule.runbook_url,
        flapping=life.flapping,
        excursion=_excursion(watched, life, done),
        generator="rule",
    )


def _excursion(watched: Watched, life: Life, done: Stepped) -> AlertExcursion | None:
    """What it says to quality; what was said once goes on under a rule that says it no more."""
    now, known = done.instance, done.instance.told
    if watched.place is not None and watched.rule.deviation is not None:
        is_on = now.life.phase != "inactive" and now.life.since == life.since
        worst = now.worst if is_on else done.worst_before
        return excursions.excursion_of(watched.rule, watched.timing, watched.place, life, worst)
    is_known = known is not None and known.starts_at == instant(life.since)
    return known.excursion if known is not None and is_known else None


def _floor(watched: Watched, at: int, signals: Signals) -> tuple[int | None, int | None]:
    """Since when time counts, None if it does not; and when that may change."""
    if watched.planned is None:
        return NEVER, None
    stretch = watched.planned.at(at)
    since = stretch.since
    if since is not None and BATCH in watched.signals:
        batch = signals.get(BATCH)
        since = None if batch is None or batch.value is None else max(since, batch.at)
    return since, stretch.end


def _memory(watched: Watched, instance: Instance) -> list[Any]:
    if len(instance.memory) == watched.pieces and instance.shape == watched.shape:
        return list(instance.memory)
    return [None] * watched.pieces


def _decided(watched: Watched, instance: Instance, truth: bool | None) -> bool:
    """What is not known is as before, false, or true, as the rule says."""
    if truth is not None:
        return truth
    match watched.rule.missing:
        case "hold":
            return instance.truth
        case "ok":
            return False
        case "fire":
            return True


def _earliest(*moments: int | None) -> int | None:
    return min((one for one in moments if one is not None), default=None)
