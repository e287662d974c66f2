"""What can be wrong with the deviations that a rule opens."""

from collections.abc import Iterator, Sequence

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.alerts.rules import AlertRule
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.yaml_file import Document, Location


def deviation_mistakes(
    rule: AlertRule, place: Location, about: tuple[Plant, Sequence[Equipment]], document: Document
) -> Iterator[Mistake]:
    """The mistakes in `deviation`; the equipment is that which the rule is about."""
    asked, (plant, equipment), key = rule.deviation, about, (*place, "deviation")
    if asked is None:
        return
    if not plant.products:
        told = "the plant file has no products: no batch could have it"
        yield document.mistake(key, told, "list them in products")
    areas = plant.quality.areas
    if asked.area is not None and asked.area not in areas:
        told = f"no such compliance area: {asked.area}"
        hint = did_you_mean(asked.area, areas) or "list it in quality.areas"
        yield document.mistake((*key, "area"), told, hint)
    is_elsewhere = any(map(_tells_batches, plant.equipment))
    if asked.batches_of == "equipment" and is_elsewhere and not any(map(_tells_batches, equipment)):
        told = f"{equipment[0].id} has no tag that means batch" if equipment else ""
        if told:
            hint = "of a room that makes none, write line or area"
            yield document.mistake((*key, "batches_of"), told, hint)


def _tells_batches(equipment: Equipment) -> bool:
    return any(tag.means == "batch" for tag in equipment.tags)
