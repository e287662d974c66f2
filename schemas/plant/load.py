"""Reading a plant file: the text, its version, and every mistake in it at once."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.mistakes import FileError, Mistake, did_you_mean
from schemas.plant.calendar_mistakes import calendar_mistakes
from schemas.plant.equipment import Equipment, EquipmentClass
from schemas.plant.model import Plant
from schemas.plant.products import PerEquipment, Product
from schemas.plant.sources import Register
from schemas.yaml_file import Document, Location

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
    mistakes = list(_mistakes(plant, document))
    if mistakes:
        raise FileError(mistakes)
    resolved = [_resolve(equipment, plant) for equipment in plant.equipment]
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return PlantFile(plant.model_copy(update={"equipment": resolved}), version, file, text)


def _resolve(equipment: Equipment, plant: Plant) -> Equipment:
    """The equipment with what its class says where it says nothing itself; its own tags win."""
    parent = plant.equipment_classes.get(equipment.equipment_class or "", EquipmentClass())
    own = {tag.name: tag for tag in equipment.tags}
    tags = [own.pop(tag.name, tag) for tag in parent.tags] + list(own.values())
    inherited = {
        key: getattr(parent, key) for key in _INHERITED if key not in equipment.model_fields_set
    }
    source = inherited.get("source", equipment.source)
    addressed = [tag.at(equipment.id, source) for tag in tags]
    alarms = inherited.get("alarms_of", equipment.alarms_of)
    placed = {
        "tags": addressed,
        "alarms_of": [node.replace("{id}", equipment.id) for node in alarms],
    }
    return equipment.model_copy(update=inherited | placed)


def _mistakes(plant: Plant, document: Document) -> Iterator[Mistake]:
    yield from _repeated(document, ("equipment",), [one.id for one in plant.equipment])
    yield from _repeated(document, ("products",), [one.id for one in plant.products])
    known = {
        "calendar": list(plant.calendars),
        "source": list(plant.sources),
        "class": list(plant.equipment_classes),
        "reason": list(plant.reasons),
    }
    yield from calendar_mistakes(plant, [_resolve(one, plant) for one in plant.equipment], document)
    for name, one in plant.equipment_classes.items():
        yield from _unknown_names(document, ("equipment_classes", name), one, known)
    for index, equipment in enumerate(plant.equipment):
        yield from _unknown_names(document, ("equipment", index), equipment, known)
        resolved = _resolve(equipment, plant)
        if resolved.calendar is None:
            yield document.mistake(("equipment", index), "calendar is missing")
        yield from _unreachable(document, ("equipment", index), resolved, plant)
    for index, product in enumerate(plant.products):
        tests = [one.id for one in product.tests]
        yield from _repeated(document, ("products", index, "tests"), tests)
        for location, given in _per_equipment(("products", index), product):
            for name in given if isinstance(given, dict) else ():
                if plant.find(name) is None:
                    hint = did_you_mean(name, [one.id for one in plant.equipment])
                    yield document.mistake((*location, name), "no such equipment", hint)
    yield from _of_lines(plant, document)


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


def _unreachable(
    document: Document, location: Location, equipment: Equipment, plant: Plant
) -> Iterator[Mistake]:
    """Tags that their source cannot read."""
    for tag in equipment.tags:
        source = plant.sources.get(tag.source or "")
        if source is None:
            continue
        given = tag.addresses()
        told = f"tag {tag.name} is read from {tag.source} ({source.type})"
        if not source.addresses:
            yield document.mistake(location, f"{told}, which has no tags: name another source")
            continue
        if len(given) != 1 or not given.keys() <= set(source.addresses):
            said = f"it has {' and '.join(given)}" if given else "it has none"
            wanted = " or ".join(source.addresses)
            yield document.mistake(location, f"{told} and needs a {wanted}: {said}")
        elif isinstance(tag.register_, Register) and _unit_of(tag.register_, equipment) is None:
            yield document.mistake(location, f"{told}: unit_id is missing")


def _unit_of(register: Register, equipment: Equipment) -> int | None:
    return equipment.unit_id if register.unit_id is None else register.unit_id


def _unknown_names(
    document: Document,
    location: Location,
    one: EquipmentClass,
    known: dict[str, list[str]],
) -> Iterator[Mistake]:
    yield from _of_rules(document, location, one, known["reason"])
    named = {"calendar": one.calendar, "source": one.source}
    if isinstance(one, Equipment):
        named["class"] = one.equipment_class
    for key, name in named.items():
        if name is not None and name not in known[key]:
            hint = did_you_mean(name, known[key])
            yield document.mistake((*location, key), f"no such {key}: {name}", hint)
    yield from _tag_mistakes(document, (*location, "tags"), one, known["source"])


def _of_rules(
    document: Document, location: Location, one: EquipmentClass, reasons: list[str]
) -> Iterator[Mistake]:
    for index, rule in enumerate(one.rules):
        if rule.reason is not None and rule.reason not in reasons:
            place = (*location, "rules", index, "reason")
            hint = did_you_mean(rule.reason, reasons)
            yield document.mistake(place, f"no such reason: {rule.reason}", hint)


def _tag_mistakes(
    document: Document, location: Location, one: EquipmentClass, sources: list[str]
) -> Iterator[Mistake]:
    names: set[str] = set()
    meanings: set[str] = set()
    for index, tag in enumerate(one.tags):
        if tag.name in names:
            yield document.mistake((*location, index), f"tag {tag.name} stands here twice")
        if tag.source is not None and tag.source not in sources:
            hint = did_you_mean(tag.source, sources)
            place = (*location, index, "source")
            yield document.mistake(place, f"no such source: {tag.source}", hint)
        if tag.means in meanings and not tag.means.endswith("_count"):
            yield document.mistake((*location, index), f"a second tag means {tag.means}")
        names.add(tag.name)
        meanings |= {tag.means} if tag.means else set()


def _repeated(document: Document, place: Location, ids: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, name in enumerate(ids):
        if name in seen:
            yield document.mistake((*place, index), f"{name} stands here twice")
        seen.add(name)
