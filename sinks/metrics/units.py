"""The equipment of a plant as labels know it: reactors, stations, and all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from schemas.plant.equipment import Equipment
from schemas.plant.metrics import ReactorMetrics, StationMetrics
from schemas.plant.model import Plant
from schemas.record import EquipmentPath

Kind = Literal["reactor", "station"]
SILENT_AFTER = timedelta(seconds=120)
"""What an equipment last said holds so long after its last sign of life, if its `unknown_after_s`
says nothing else."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One equipment."""

    id: str
    name: str
    line: str
    kind: Kind | None
    calendar: str | None
    silent_after: timedelta
    measures: Mapping[str, str] = field(default_factory=dict)
    """What its tags measure, by the tag's name."""
    maintenance: frozenset[str] = frozenset()
    """Reasons that stops for maintenance have."""


def units_of(plant: Plant) -> dict[EquipmentPath, Unit]:
    """The equipment of this plant file by its path."""
    return {plant.path_of(one): _unit(one, plant) for one in plant.equipment}


def _unit(one: Equipment, plant: Plant) -> Unit:
    kind, told = _told_as(one, plant)
    tags = {tag.name for tag in one.tags}
    measures = told.model_dump(exclude={"classes"}) if told else {}
    silent_s = one.unknown_after_s
    return Unit(
        id=one.id,
        name=one.name or one.id,
        line=one.line,
        kind=kind,
        calendar=one.calendar,
        silent_after=timedelta(seconds=silent_s) if silent_s else SILENT_AFTER,
        measures={tag: measure for measure, tag in measures.items() if tag in tags},
        maintenance=frozenset(
            rule.reason for rule in one.rules if rule.when == "maintenance" and rule.reason
        ),
    )


def _told_as(
    one: Equipment, plant: Plant
) -> tuple[Kind | None, ReactorMetrics | StationMetrics | None]:
    metrics = plant.metrics
    if one.equipment_class in metrics.reactors.classes:
        return "reactor", metrics.reactors
    if one.equipment_class in metrics.stations.classes:
        return "station", metrics.stations
    return None, None
