"""The input types by the name that a plant file gives them; the only place that imports them."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from ingest.backlog import Holding
from ingest.input import Input
from ingest.metrics import SourceMeters, SourceMetrics
from ingest.urgent import Urgency
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.ports import Record
from schemas.plant.equipment import Equipment
from schemas.plant.load import PlantFile
from schemas.record import EquipmentPath

EXTRA = "ingest"
"""The extra of the package that brings the libraries of all inputs."""

_OURS = frozenset({"ingest", "plantstream", "schemas"})

Answers = Callable[[], AbstractAsyncContextManager[AsyncIterator[Record]]]
"""What the stream answers to people, from the oldest on and without end."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What an edge has that stores what it is told."""

    data_dir: Path
    answers: Answers | None = None


UnboundBuilder = Callable[[str, Any, PlantFile, Keeping, SourceMeters], Input]
Read = Sequence[tuple[EquipmentPath, Equipment]]
"""The equipment that is read at a source."""
Builder = Callable[[str, Any, Read, SourceMeters, Urgency], Input]


def _modbus(name: str, source: Any, read: Read, meters: SourceMeters, urgency: Urgency) -> Input:
    from ingest.inputs.modbus import ModbusInput

    return ModbusInput(name, source, read, meters, Holding(urgency=urgency))


def _mqtt(name: str, source: Any, read: Read, meters: SourceMeters, urgency: Urgency) -> Input:
    from ingest.inputs.mqtt import MqttInput

    return MqttInput(name, source, read, meters, urgency)


def _opcua(name: str, source: Any, read: Read, meters: SourceMeters, urgency: Urgency) -> Input:
    from ingest.inputs.opcua import OpcUaInput

    return OpcUaInput(name, source, read, meters, Holding(urgency=urgency))


def _lab(name: str, source: Any, plant: PlantFile, keeping: Keeping, meters: SourceMeters) -> Input:
    from ingest.inputs.lab.input import LabInput

    return LabInput(name, source, plant, keeping.data_dir, meters, keeping.answers)


UNBOUND: dict[str, UnboundBuilder] = {
    "lab": _lab,
}
"""Types that no equipment's tags are bound to: they are built for their own sake."""
INPUTS: dict[str, Builder] = {
    "modbus": _modbus,
    "mqtt": _mqtt,
    "opcua": _opcua,
}
"""Each imports its library when it is used: an edge needs those of its own sources."""


def build_inputs(
    plant: PlantFile,
    sources: SourceMetrics | None = None,
    keeping: Keeping | None = None,
    urgency: Urgency | None = None,
) -> dict[str, Input]:
    """An input for each source of the plant file that some equipment names, and each laboratory.

    Without a place to keep anything, as in a dry run, laboratories are left out: what they say is
    answered and put away, so it must be stored. An agent that changes its plant file keeps its
    `urgency`.

    Raises:
        MisconfiguredError: no equipment names a source, or the library of a source is missing.
    """
    metrics = sources or SourceMetrics(CollectorRegistry())
    urgent = urgency or Urgency.of(plant)
    inputs: dict[str, Input] = {}
    for name, source in plant.plant.sources.items():
        if source.type in UNBOUND:
            if keeping is not None:
                unbound = UNBOUND[source.type]
                with _installed(plant, name):
                    inputs[name] = unbound(name, source, plant, keeping, metrics.of(name))
            continue
        equipment = plant.plant.read_at(name)
        if equipment:
            with _installed(plant, name):
                build = INPUTS[source.type]
                inputs[name] = build(name, source, equipment, metrics.of(name), urgent)
    if not inputs:
        raise MisconfiguredError(
            f"{plant.file}: no equipment names a source, so there is nothing to read: "
            "add `sources:` and `source:`, or replay a recording"
        )
    for name in inputs:
        metrics.of(name).reads(path for path, _ in plant.plant.read_at(name))
    return inputs


@contextmanager
def _installed(plant: PlantFile, name: str) -> Iterator[None]:
    """Say which source needs what is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        kind = plant.plant.sources[name].type
        raise MisconfiguredError(
            f"{plant.file}: source {name} (type {kind}) needs {error.name}, which is not "
            f"installed: pip install 'plantstream[{EXTRA}]'"
        ) from error
