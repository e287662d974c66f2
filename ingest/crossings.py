"""On which side of the limits of alert rules a value is; the limits by equipment and tag."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ingest.input import Value
from ingest.values import number, word
from schemas.plant.alerts.conditions import (
    AlarmIs,
    TagChanges,
    TagDeviates,
    TagEquals,
    TagIs,
    parts_of,
)
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.tags import Tag
from schemas.record import EquipmentPath

_STEPS = 60
"""Values that are kept of the span over which a rate is taken."""


@dataclass(frozen=True, slots=True)
class State:
    """A tag says in which state its equipment is: each other state is news."""

    tag: Tag


Condition = TagIs | TagEquals | TagChanges | TagDeviates | State
Trace = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """A tag, and the conditions that look at it, each with its number within the equipment."""

    tag: Tag
    conditions: tuple[tuple[int, Condition], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What rules look at of one equipment."""

    tags: Mapping[str, Looked]
    alarm: int | None = None
    """The least severity of an alarm of the device that a rule waits for."""


class Judged(NamedTuple):
    """On which side a value is, and what a rate needs of the values before it."""

    side: Any
    trace: Trace = ()


NOWHERE = (math.inf, -math.inf)
START = Judged(0)
"""Before anything was seen: what is beyond a limit from the beginning has crossed it."""


def looks_at(plant: PlantFile) -> dict[EquipmentPath, Look]:
    """What has to go at once, of each equipment that has something of this kind."""
    looks = {
        plant.plant.path_of(one): _look(one, plant.plant.alert_rules)
        for one in plant.plant.equipment
    }
    return {path: one for path, one in looks.items() if one.tags or one.alarm is not None}


def judged(
    condition: Condition, before: Judged, values: Mapping[str, Value], at: datetime
) -> Judged:
    """Where the newest of the equipment's values are; what is not known changes nothing."""
    match condition:
        case State(tag):
            return _state(tag, values[tag.name])
        case TagEquals(tag=tag, equals=wanted):
            value = values.get(tag)
            text = value.strip() if isinstance(value, str) else value
            return before if value is None else Judged(int(text == wanted))
        case TagIs(tag=tag):
            found = number(values.get(tag))
            return before if found is None else Judged(condition.side_of(found, before.side))
        case TagChanges():
            return _rate(condition, before, number(values.get(condition.rate_of)), at)
        case TagDeviates(deviation_of=tag, target=target):
            found = number(values.get(tag))
            aim = number(values.get(target)) if isinstance(target, str) else target
            if found is None or aim is None:
                return before
            return Judged(int(condition.is_off(found, aim, was_off=bool(before.side))))


def quiet(condition: Condition, side: Any) -> tuple[float, float]:
    """From where to where a value stays on this side; nowhere if that depends on more than it."""
    match condition:
        case TagIs(above=above, below=below):
            high = math.inf if above is None else above
            low = -math.inf if below is None else below
            if side == 0:
                return low, high
            band = condition.deadband
            if side > 0:
                return math.nextafter(high - band, math.inf), math.inf
            return -math.inf, min(math.nextafter(low + band, -math.inf), high)
        case TagDeviates(target=float() as aim, by=by) if side == 0:
            return aim - by, aim + by
        case _:
            return NOWHERE


def _look(equipment: Equipment, rules: Sequence[AlertRule]) -> Look:
    known = {tag.name: tag for tag in equipment.tags}
    pieces = [
        piece
        for rule in rules
        if rule.on.takes(equipment) and _named(rule) <= known.keys()
        for piece in parts_of(rule.when)
    ]
    conditions: list[Condition] = [State(tag) for tag in equipment.tags if tag.means == "state"]
    conditions += [
        one for one in pieces if isinstance(one, TagIs | TagEquals | TagChanges | TagDeviates)
    ]
    by_tag: dict[str, list[tuple[int, Condition]]] = {}
    for numbered in enumerate(conditions):
        for name in _tags_of(numbered[1]):
            by_tag.setdefault(name, []).append(numbered)
    return Look(
        {name: Looked(known[name], tuple(found)) for name, found in by_tag.items()},
        min((one.alarm for one in pieces if isinstance(one, AlarmIs)), default=None),
    )


def _named(rule: AlertRule) -> set[str]:
    """The tags whose values the rule looks at; without one of them it is not evaluated."""
    return {name for piece in parts_of(rule.when) for name in _tags_of(piece)}


def _tags_of(condition: object) -> Iterator[str]:
    match condition:
        case State(tag):
            yield tag.name
        case TagIs(tag=name) | TagEquals(tag=name) | TagChanges(rate_of=name):
            yield name
        case TagDeviates(deviation_of=name, target=target):
            yield name
            if isinstance(target, str):
                yield target
        case _:
            return


def _state(tag: Tag, value: Value) -> Judged:
    """That there is no word any more is a change as well."""
    said: object = word(value)
    if tag.running_above is not None:
        found = number(value)
        said = None if found is None else found > tag.running_above
    return Judged((said,))


def _rate(condition: TagChanges, before: Judged, value: float | None, at: datetime) -> Judged:
    """The value now less the one that held `per` ago, as the rules take it."""
    if value is None or (before.trace and at < before.trace[-1][0]):
        return before
    trace = _extended(before.trace, at, value, condition.per)
    begin, held = trace[0]
    if begin > at - condition.per:
        return Judged(before.side, trace)
    return Judged(condition.side_of(value - held, before.side), trace)


def _extended(trace: Trace, at: datetime, value: float, per: timedelta) -> Trace:
    """The trace with one more value: one for each sixtieth of `per`, and one from before it."""
    if len(trace) > 1 and at - trace[-2][0] < per / _STEPS:
        trace = trace[:-1]
    first = 0
    while first + 1 < len(trace) and trace[first + 1][0] <= at - per:
        first += 1
    return (*trace[first:], (at, value))
