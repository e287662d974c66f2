"""Reading a plant file: the text, its version, and every mistake in it at once."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas.mistakes import FileError, Mistake, did_you_mean
from schemas.plant.alert_mistakes.mistakes import alert_mistakes
from schemas.plant.calendar_mistakes import calendar_mistakes
from schemas.plant.equipment import Equipment, EquipmentClass
from schemas.plant.equipment_mistakes import misfits, unknown_names
from schemas.plant.metrics_mistakes import metrics_mistakes
from schemas.plant.model import Plant
from schemas.plant.products import PerEquipment, Product
from schemas.plant.quality_mistakes import quality_mistakes
from schemas.plant.tags import Tag
from schemas.yaml_file import Document, Location

_ALL_FIELDS = set(Equipment.model_fields)
_INHERITED = (
    "calendar",
    "source",
    "minor_stop_s",
    "unknown_after_s",
    "unit_id",
    "alarms_of",
    "unknown",
    "min_run_s",
    "changeover",
    "rules",
    "startup_s",
    "frozen_after_s",
    "cycles",
    "slow_cycle",
)
_ClassTags = dict[tuple[str, str | None], list[Tag]]


@dataclass(frozen=True, slots=True)
class PlantFile:
    """A plant as its file says, with the version that events carry."""

    plant: Plant
    version: str
    file: str
    text: str


def load_plant(text: str, file: str) -> PlantFile:
    """The plant in this text.

    Raises:
        FileError: with all mistakes: keys, values, and names that nothing stands for.
    """
    document = Document(text, file)
    plant = document.read(Plant)
    resolved = _resolved(plant)
    mistakes = list(_mistakes(plant, resolved, document))
    if mistakes:
        raise FileError(mistakes)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return PlantFile(plant.model_copy(update={"equipment": resolved}), version, file, text)


def _resolved(plant: Plant) -> list[Equipment]:
    """All equipment, each with what its class says where it says nothing itself."""
    known: _ClassTags = {}
    return [_resolve(equipment, plant, known) for equipment in plant.equipment]


def _resolve(equipment: Equipment, plant: Plant, known: _ClassTags) -> Equipment:
    """The equipment with what its class says where it says nothing itself; its own tags win.

    `known`: the tags of classes by the source that they are read at. Equipments share them.
    """
    name = equipment.equipment_class or ""
    parent = plant.equipment_classes.get(name, EquipmentClass())
    inherited = {
        key: getattr(parent, key) for key in _INHERITED if key not in equipment.model_fields_set
    }
    source = inherited.get("source", equipment.source)
    if (name, source) not in known:
        known[name, source] = [tag.read_at(source) for tag in parent.tags]
    own = {tag.name: tag.read_at(source) for tag in equipment.tags}
    tags = [own.pop(tag.name, tag) for tag in known[name, source]] + list(own.values())
    addressed = [tag.of(equipment.id) for tag in tags]
    alarms = inherited.get("alarms_of", equipment.alarms_of)
    placed = {
        "tags": addressed,
        "alarms_of": [node.replace("{id}", equipment.id) for node in alarms],
    }
    # A set of names for each of them would take 2 kB.
    return Equipment.model_construct(_ALL_FIELDS, **(dict(equipment) | inherited | placed))


def _mistakes(plant: Plant, resolved: Sequence[Equipment], document: Document) -> Iterator[Mistake]:
    yield from _repeated(document, ("equipment",), [one.id for one in plant.equipment])
    yield from _repeated(document, ("products",), [one.id for one in plant.products])
    known = {
        "calendar": list(plant.calendars),
        "source": list(plant.sources),
        "class": list(plant.equipment_classes),
        "reason": list(plant.reasons),
    }
    yield from calendar_mistakes(plant, resolved, document)
    for name, one in plant.equipment_classes.items():
        yield from unknown_names(document, ("equipment_classes", name), one, known)
    for index, (said, whole) in enumerate(zip(plant.equipment, resolved, strict=True)):
        yield from unknown_names(document, ("equipment", index), said, known)
        yield from misfits(document, ("equipment", index), whole, plant)
    for index, product in enumerate(plant.products):
        tests = [one.id for one in product.tests]
        yield from _repeated(document, ("products", index, "tests"), tests)
        for location, given in _per_equipment(("products", index), product):
            for name in given if isinstance(given, dict) else ():
                if plant.find(name) is None:
                    hint = did_you_mean(name, [one.id for one in plant.equipment])
                    yield document.mistake((*location, name), "no such equipment", hint)
    yield from _of_lines(plant, document)
    yield from quality_mistakes(plant, document)
    yield from metrics_mistakes(plant, resolved, document)
    yield from alert_mistakes(plant, resolved, document)


def _per_equipment(
    place: Location, product: Product
) -> Iterator[tuple[Location, PerEquipment | None]]:
    """What a product says per equipment, and where."""
    yield (*place, "demand_per_shift"), product.demand_per_shift
    cycles = product.ideal_cycle_s
    if isinstance(cycles, list):
        for index, dated in enumerate(cycles):
            yield (*place, "ideal_cycle_s", index, "cycle_s"), dated.cycle_s
    else:
        yield (*place, "ideal_cycle_s"), cycles


def _of_lines(plant: Plant, document: Document) -> Iterator[Mistake]:
    known = {one.line for one in plant.equipment}
    for name, line in plant.lines.items():
        if name not in known:
            hint = did_you_mean(name, sorted(known))
            yield document.mistake(("lines", name), "no equipment is in this line", hint)
        members = [one.id for one in plant.equipment if one.line == name]
        if line.constraint is not None and line.constraint not in members:
            hint = did_you_mean(line.constraint, members)
            place = ("lines", name, "constraint")
            yield document.mistake(
                place, f"no such equipment in this line: {line.constraint}", hint
            )


def _repeated(document: Document, place: Location, ids: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, name in enumerate(ids):
        if name in seen:
            yield document.mistake((*place, index), f"{name} stands here twice")
        seen.add(name)
