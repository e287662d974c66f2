"""The registry: every input type of the contracts, built from a plant file."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from ingest.inputs.registry import INPUTS, UNBOUND, build_inputs
from ingest.metrics import SourceMeters
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.equipment import Equipment
from schemas.plant.load import load_plant
from schemas.plant.sources import OpcUaSource, Source
from tests.ingest.kit import PLANT, REACTOR, ListInput, plant

Equipments = Sequence[tuple[str, Equipment]]
SOURCES = """
sources:
  line:
    type: opcua
    endpoint: opc.tcp://localhost:4840
    security: &open {policy: "None", mode: "None"}
  spare: {type: opcua, endpoint: "opc.tcp://localhost:4841", security: *open}
"""


def test_every_source_type_has_a_builder() -> None:
    types = {one.model_fields["type"].annotation for one in get_args(get_args(Source)[0])}
    assert set(INPUTS) | set(UNBOUND) == {name for one in types for name in get_args(one)}


def test_a_plant_without_sources_has_nothing_to_read() -> None:
    with pytest.raises(MisconfiguredError, match="no equipment names a source"):
        build_inputs(plant())


def test_each_source_that_is_used_becomes_an_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def built(name: str, source: OpcUaSource, equipment: Equipments, _: SourceMeters) -> ListInput:
        wanted.append((name, source.endpoint, [path for path, _ in equipment]))
        return ListInput()

    wanted: list[tuple[str, str, list[str]]] = []
    monkeypatch.setitem(INPUTS, "opcua", built)
    text = PLANT.replace("id: reactor,", "id: reactor, source: line,")
    text = text.replace("- {name: ", '- {node: "s={id}", name: ')
    text = text.replace("equipment_classes:", f"{SOURCES}\nequipment_classes:")

    assert list(build_inputs(load_plant(text, "plant.yaml"))) == ["line"]
    assert wanted == [("line", "opc.tcp://localhost:4840", [REACTOR])]


def test_a_laboratory_is_an_input_of_its_own_where_there_is_a_disk(tmp_path: Path) -> None:
    text = f"{PLANT}sources:\n  lab: {{type: lab, folder: {{path: results}}}}\n"
    file = load_plant(text, "plant.yaml")

    assert list(build_inputs(file, data_dir=tmp_path)) == ["lab"]
    with pytest.raises(MisconfiguredError, match="there is nothing to read"):
        build_inputs(file)
