"""The input types by the name that a plant file gives them; the only place that imports them."""

from collections.abc import Callable, Sequence

from ingest.input import Input
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.load import PlantFile
from schemas.plant.model import Equipment, OpcUaSource
from schemas.record import EquipmentPath

Builder = Callable[[str, OpcUaSource, Sequence[tuple[EquipmentPath, Equipment]]], Input]


def _opcua(
    name: str, source: OpcUaSource, equipment: Sequence[tuple[EquipmentPath, Equipment]]
) -> Input:
    # Imported here because a replay needs no OPC UA library.
    from ingest.inputs.opcua import OpcUaInput  # noqa: PLC0415

    return OpcUaInput(name, source, equipment)


INPUTS: dict[str, Builder] = {
    "opcua": _opcua,
}


def build_inputs(plant: PlantFile) -> dict[str, Input]:
    """An input for each source of the plant file that some equipment names.

    Raises:
        MisconfiguredError: no equipment names a source.
    """
    inputs: dict[str, Input] = {}
    for name, source in plant.plant.sources.items():
        equipment = [
            (plant.plant.path_of(one), one) for one in plant.plant.equipment if one.source == name
        ]
        if equipment:
            inputs[name] = INPUTS[source.type](name, source, equipment)
    if not inputs:
        raise MisconfiguredError(
            f"{plant.file}: no equipment names a source, so there is nothing to read: "
            "add `sources:` and `source:`, or replay a recording"
        )
    return inputs
