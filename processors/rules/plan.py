"""What the plant file's rules come to for one equipment, or for the site: what is watched for."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from processors.calendar import PlanCalendar
from processors.rules.life import Timing
from processors.rules.pieces import Node, Piece, built, names_in, pieces_of, watched_by
from processors.rules.planned import PlannedTime
from processors.rules.signals import BATCH
from processors.rules.times import span
from processors.step import UnprocessableError
from schemas.alerts import MAINTENANCE
from schemas.plant.alerts.conditions import (
    Absent,
    CountIs,
    FigureIs,
    StateLasts,
    TagChanges,
    parts_of,
)
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.by_version import ByVersion
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.plant.model import Plant
from schemas.record import EquipmentPath

_MAINTENANCE = AlertRule.model_validate(
    {
        "alert": MAINTENANCE,
        "when": {"maintenance": "any"},
        "severity": "info",
        "summary": {
            "en": "Maintenance of {{ equipment }}",
            "es": "Mantenimiento de {{ equipment }}",
        },
        "flapping": 0,
    }
)


@dataclass(frozen=True, slots=True)
class Watched:
    """One rule about one thing: its condition, and the labels of the alert that it raises."""

    key: str
    rule: AlertRule
    labels: Mapping[str, str]
    names: Mapping[str, str]
    """What people call the things of which its labels have the ids."""
    fingerprint: str
    condition: Piece | Node
    pieces: int
    shape: str
    """Changes with the condition: what was remembered of another one is forgotten."""
    signals: frozenset[str]
    timing: Timing
    planned: PlannedTime | None
    place: EquipmentPath | None = None
    """Where it is, if it is about a single equipment."""


@dataclass(frozen=True, slots=True)
class RulesPlan:
    """All that is watched for in one state of an engine."""

    version: str
    site: str
    watched: Mapping[str, Watched]
    by_signal: Mapping[str, Sequence[Watched]]
    tags: frozenset[str] = frozenset()
    """The tags of which the rules speak, if only of whether they are heard of."""
    spans: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By tag over which spans rates are taken; by kind within which things are counted."""
    products: tuple[str, ...] = ()
    """To which excursions are told."""


def fingerprint(labels: Mapping[str, str]) -> str:
    """The name of all alerts with these labels; severity is none of them."""
    told = json.dumps(sorted(labels.items()), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def equipment_rules(plant: PlantFile, path: EquipmentPath) -> RulesPlan:
    """The rules of this equipment.

    Raises:
        UnprocessableError: the plant file has no such equipment.
    """
    return _of_equipment(ByVersion(plant), path)


def is_known(plant: PlantFile, path: EquipmentPath) -> bool:
    """Whether the plant file has this equipment, there."""
    found = plant.plant.find(path)
    return found is not None and plant.plant.path_of(found) == path


def site_rules(plant: PlantFile) -> RulesPlan:
    """The rules of the whole site."""
    return _of_site(ByVersion(plant))


@lru_cache(maxsize=20_000)
def _of_equipment(versioned: ByVersion, path: EquipmentPath) -> RulesPlan:
    plant = versioned.plant.plant
    equipment = plant.find(path)
    if equipment is None or not is_known(versioned.plant, path):
        raise UnprocessableError(f"plant file {versioned.plant.version} has no equipment {path}")
    found = [
        _on_equipment(rule, equipment, plant)
        for rule in (*_own_rules(plant), *plant.alert_rules)
        if rule.scope == "equipment" and _concerns(rule, equipment)
    ]
    return plan_of(versioned.plant, found)


def _own_rules(plant: Plant) -> Iterator[AlertRule]:
    """Maintenance by people is an alert where a mute timing waits for it."""
    timings = plant.alerts.mute_timings.values() if plant.alerts is not None else ()
    if any(one.maintenance for one in timings):
        yield _MAINTENANCE


@lru_cache(maxsize=100)
def _of_site(versioned: ByVersion) -> RulesPlan:
    plant = versioned.plant.plant
    rules = [rule for rule in plant.alert_rules if rule.scope == "site"]
    return plan_of(versioned.plant, [one for rule in rules for one in _on_site(rule, plant)])


def plan_of(plant: PlantFile, found: Iterable[Watched]) -> RulesPlan:
    """All that is watched for, by what it looks at."""
    by_key = {one.key: one for one in found}
    by_signal: dict[str, list[Watched]] = {}
    spans: dict[str, set[int]] = {}
    for one in by_key.values():
        for name in one.signals:
            by_signal.setdefault(name, []).append(one)
        for piece in parts_of(one.rule.when):
            if isinstance(piece, TagChanges):
                spans.setdefault(piece.rate_of, set()).add(span(piece.per))
            elif isinstance(piece, CountIs):
                spans.setdefault(piece.count_of, set()).add(span(piece.within))
    return RulesPlan(
        version=plant.version,
        site=plant.plant.site_path(),
        watched=by_key,
        by_signal=by_signal,
        tags=frozenset(
            name
            for one in by_key.values()
            for piece in parts_of(one.rule.when)
            for name in names_in(piece)
        ),
        spans={name: tuple(sorted(some)) for name, some in spans.items()},
        products=tuple(one.id for one in plant.plant.products),
    )


def _concerns(rule: AlertRule, equipment: Equipment) -> bool:
    """Whether it is selected and has the tags of which the rule speaks."""
    known = {one.name: one for one in equipment.tags}
    pieces = parts_of(rule.when)
    wanted = {name for piece in pieces for name in names_in(piece)}
    if not rule.on.takes(equipment) or not wanted <= known.keys():
        return False
    speaks_of_state = any(isinstance(piece, StateLasts) for piece in pieces)
    return not speaks_of_state or any(one.means == "state" for one in known.values())


def _on_equipment(rule: AlertRule, equipment: Equipment, plant: Plant) -> Watched:
    labels = {
        "site": plant.site,
        "area": equipment.area,
        "line": equipment.line,
        "equipment": equipment.id,
    }
    tags = sorted({name for piece in parts_of(rule.when) for name in names_in(piece)})
    if len(tags) == 1:
        labels["tag"] = tags[0]
    units = {one.name: one.unit for one in equipment.tags}
    return watched(rule, rule.alert, labels, (plant, [equipment]), units)


def _on_site(rule: AlertRule, plant: Plant) -> Iterator[Watched]:
    """One for the site, or one for each line, area, equipment or source that it is about."""
    pieces = parts_of(rule.when)
    chosen = [one for one in plant.equipment if rule.on.takes(one)]
    levels: set[str] = {piece.of for piece in pieces if isinstance(piece, FigureIs)}
    everywhere = {"site": plant.site}
    if any(isinstance(piece, Absent) for piece in pieces):
        for source in plant.sources:
            labels = everywhere | {"source": source}
            yield watched(rule, f"{rule.alert}|{source}", labels, (plant, chosen), {})
        return
    for labels, members in _groups(levels, chosen):
        name = "|".join((rule.alert, *labels.values()))
        yield watched(rule, name, everywhere | labels, (plant, members), {})


def _groups(
    levels: set[str], chosen: Sequence[Equipment]
) -> Iterator[tuple[dict[str, str], list[Equipment]]]:
    """What is told apart: by the finest of the levels that the rule speaks of."""
    groups: dict[tuple[tuple[str, str], ...], list[Equipment]] = {}
    for one in chosen:
        place = {"area": one.area, "line": one.line, "equipment": one.id}
        names = {"equipment": ("area", "line", "equipment"), "line": ("line",), "area": ("area",)}
        level = next((name for name in names if name in levels), None)
        labels = tuple((name, place[name]) for name in names[level]) if level else ()
        groups.setdefault(labels, []).append(one)
    for labels, members in groups.items():
        yield dict(labels), members


def watched(
    rule: AlertRule,
    key: str,
    labels: Mapping[str, str],
    place: tuple[Plant, Sequence[Equipment]],
    units: Mapping[str, str],
) -> Watched:
    """A rule about what these labels say, at this equipment of the plant."""
    plant, members = place
    labels = {"alertname": rule.alert, **labels, **rule.labels}
    condition = built(rule.when, iter(range(1000)), units, (labels, place))
    pieces = list(pieces_of(condition))
    planned = _planned(rule, plant, members)
    signals = {name for piece in pieces for name in watched_by(piece)}
    if planned is not None and planned.during_batch and rule.scope == "equipment":
        signals.add(BATCH)
    names = {"site": plant.name}
    if "equipment" in labels:
        names["equipment"] = members[0].name or members[0].id
    return Watched(
        key=key,
        rule=rule,
        labels=labels,
        names=names,
        fingerprint=fingerprint(labels),
        condition=condition,
        pieces=len(pieces),
        shape=fingerprint({"when": repr(rule.when)})[:8],
        signals=frozenset(signals),
        timing=Timing.of(rule),
        planned=planned,
        place=plant.path_of(members[0]) if rule.scope == "equipment" else None,
    )


def _planned(rule: AlertRule, plant: Plant, members: Sequence[Equipment]) -> PlannedTime | None:
    """The calendars by which the rule is silent; of several, time is planned if one plans it."""
    if not rule.only_planned:
        return None
    wanted: dict[tuple[str, tuple[int, ...]], PlanCalendar] = {}
    for one in members:
        calendar = plant.calendars.get(one.calendar or "")
        if calendar is not None:
            exceptions = calendar.exceptions_of(one.id, one.area, one.line)
            key = (one.calendar or "", exceptions)
            if key not in wanted:
                wanted[key] = PlanCalendar(calendar.with_exceptions(exceptions), plant.time_zone)
    return PlannedTime(tuple(wanted.values())) if wanted else None
