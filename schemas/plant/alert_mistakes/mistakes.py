"""Every mistake in rules, people, channels and routes."""

from collections.abc import Iterator, Sequence

from schemas.mistakes import Mistake
from schemas.plant.alert_mistakes.channels import channel_mistakes
from schemas.plant.alert_mistakes.holes import hole_mistakes
from schemas.plant.alert_mistakes.people import people_mistakes
from schemas.plant.alert_mistakes.reach import reach_mistakes
from schemas.plant.alert_mistakes.routing import routing_mistakes
from schemas.plant.alert_mistakes.rules import rule_mistakes
from schemas.plant.equipment import Equipment
from schemas.plant.model import Plant
from schemas.yaml_file import Document


def alert_mistakes(
    plant: Plant, equipment: Sequence[Equipment], document: Document
) -> Iterator[Mistake]:
    """The mistakes in all that is said of alerts; the equipment has what its classes say."""
    yield from rule_mistakes(plant, equipment, document)
    yield from people_mistakes(plant, document)
    yield from hole_mistakes(plant, document)
    yield from channel_mistakes(plant.channels, document)
    if plant.alerts is not None:
        yield from routing_mistakes(plant, plant.alerts, document)
        yield from reach_mistakes(plant, plant.alerts, document)
