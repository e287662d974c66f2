"""The registry: every input type of the contracts, built from a plant file."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from ingest.inputs.registry import INPUTS, UNBOUND, Keeping, build_inputs
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
    def built(name: str, source: OpcUaSource, equipment: Equipments, *_: object) -> ListInput:
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

    assert list(build_inputs(file, keeping=Keeping(tmp_path))) == ["lab"]
    with pytest.raises(MisconfiguredError, match="there is nothing to read"):
        build_inputs(file)


@pytest.mark.parametrize(
    ("kind", "place", "address", "module"),
    [
        (
            "opcua",
            "endpoint: opc.tcp://h, security: {policy: None, mode: None}",
            "node: n",
            "asyncua",
        ),
        ("modbus", "host: h", "register: {address: 1, unit_id: 1}", "pymodbus"),
        ("mqtt", "broker: mqtt://h", "message: {topic: t}", "paho"),
    ],
)
def test_a_missing_library_is_named_with_its_source_and_how_to_install_it(
    kind: str, place: str, address: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.startswith((f"ingest.inputs.{kind}", module))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    tag = f"{{name: x, {address}}}"
    machine = f"{{id: m, area: a, line: l, calendar: always, source: plc, tags: [{tag}]}}"
    head = PLANT.partition("equipment_classes:")[0]
    quoted = place.replace("None", '"None"')
    text = f"{head}sources:\n  plc: {{type: {kind}, {quoted}}}\nequipment:\n  - {machine}\n"

    with pytest.raises(MisconfiguredError) as told:
        build_inputs(load_plant(text, "plant.yaml"))

    assert f"source plc (type {kind}) needs {module}" in str(told.value)
    assert "pip install 'plantstream[ingest]'" in str(told.value)
