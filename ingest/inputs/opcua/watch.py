"""The tags of the plant file that are watched at a server."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.inputs.opcua.addresses import Address, parse
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.sources import Deadband
from schemas.plant.tags import Meaning, Tag
from schemas.record import EquipmentPath


@dataclass(frozen=True, slots=True)
class Watch:
    """A tag that is watched; its place in the sequence of watches is its client handle."""

    equipment: EquipmentPath
    tag: str
    means: Meaning | None
    address: Address
    deadband: Deadband | None = None
    """Of the value as the server has it, before `factor` and `offset`."""
    rank: int = 0
    """At equal source time lower ranks come first."""


def watches(equipment: Sequence[tuple[EquipmentPath, Equipment]]) -> tuple[Watch, ...]:
    """All tags of this equipment.

    Raises:
        MisconfiguredError: with every tag that has no address or a wrong one.
    """
    found: list[Watch] = []
    mistakes: list[str] = []
    for path, one in equipment:
        for tag in one.tags:
            try:
                address = parse(tag.node or "")
            except ValueError as error:
                mistakes.append(f"tag {tag.name} of {one.id}: node {error}")
            else:
                width = _as_read(tag)
                found.append(Watch(path, tag.name, tag.means, address, width, tag.rank))
    if mistakes:
        raise MisconfiguredError("\n".join(mistakes))
    return tuple(found)


def _as_read(tag: Tag) -> Deadband | None:
    """The tag's deadband in the server's unit."""
    if tag.deadband is None or tag.deadband.absolute is None:
        return tag.deadband
    return Deadband(absolute=tag.deadband.absolute / abs(tag.factor))
