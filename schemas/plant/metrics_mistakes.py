"""What can be wrong with `metrics`: classes and tags that are named there and do not exist."""

from collections.abc import Iterator, Sequence

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.equipment import Equipment
from schemas.plant.metrics import ReactorMetrics, StationMetrics
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location

_Told = ReactorMetrics | StationMetrics


def metrics_mistakes(
    plant: Plant, resolved: Sequence[Equipment], document: Document
) -> Iterator[Mistake]:
    """The mistakes in what is said of reactors and of stations; defaults make none."""
    told: tuple[tuple[str, _Told], ...] = (
        ("reactors", plant.metrics.reactors),
        ("stations", plant.metrics.stations),
    )
    for kind, one in told:
        place: Location = ("metrics", kind)
        if "classes" in one.model_fields_set:
            yield from _of_classes(plant, one, place, document)
        members = [unit for unit in resolved if unit.equipment_class in one.classes]
        known = sorted({tag.name for unit in members for tag in unit.tags})
        for key in sorted(one.model_fields_set - {"classes"}):
            name = getattr(one, key)
            if name not in known:
                said = f"no equipment of {', '.join(one.classes)} has such a tag: {name}"
                yield document.mistake((*place, key), said, did_you_mean(name, known))


def _of_classes(plant: Plant, one: _Told, place: Location, document: Document) -> Iterator[Mistake]:
    for index, name in enumerate(one.classes):
        if name not in plant.equipment_classes:
            hint = did_you_mean(name, list(plant.equipment_classes))
            yield document.mistake((*place, "classes", index), f"no such class: {name}", hint)
