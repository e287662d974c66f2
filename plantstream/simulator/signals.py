"""Which signal of a machine stands behind a tag of the plant file, and what it is at its node."""

from collections.abc import Mapping
from dataclasses import dataclass

from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.machine import Signal, Stance
from plantstream.simulator.plant import COUNTERS
from schemas.plant.equipment import Equipment
from schemas.plant.tags import Tag

STATE = "state"


@dataclass(frozen=True, slots=True)
class Point:
    """A tag and its signal."""

    tag: Tag
    signal: str


def points(equipment: Equipment, shown: Mapping[str, Signal]) -> tuple[Point, ...]:
    """The tags of an equipment that shows these signals.

    Raises:
        MisconfiguredError: with the tags that no signal fits.
    """
    found = tuple(Point(tag, _signal(tag)) for tag in equipment.tags)
    unknown = [one.tag.name for one in found if one.signal not in {STATE, *shown}]
    if unknown:
        raise MisconfiguredError(
            f"tags {', '.join(unknown)} of {equipment.id} cannot be simulated: a "
            f"{equipment.equipment_class} shows {', '.join([STATE, *shown])}"
        )
    return found


def value_of(point: Point, shown: Mapping[str, Signal], stance: Stance) -> Signal | None:
    """What the tag shows; None for a state that cannot be read."""
    if point.signal == STATE:
        return None if stance.state is None else int(stance.state)
    return shown[point.signal]


def _signal(tag: Tag) -> str:
    return COUNTERS.get(tag.means or "", tag.means or tag.name)
