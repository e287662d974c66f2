"""The plant file of a Modbus line: the sample is accepted, and mistakes in registers are told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.inputs.registry import build_inputs
from schemas.plant.load import load_plant
from schemas.plant.sources import Register
from schemas.plant.tags import Tag

ROOT = Path(__file__).parents[4]
SAMPLE = ROOT / "ingest" / "inputs" / "modbus" / "sample.yaml"


def test_the_sample_is_accepted_and_can_be_built():
    plant = load_plant(SAMPLE.read_text(encoding="utf-8"), str(SAMPLE))
    assert list(build_inputs(plant)) == ["packing-line", "old-meters"]


@pytest.mark.parametrize(
    ("register", "said"),
    [
        pytest.param(
            {"address": 1, "type": "string"}, "length belongs to a string", id="no length"
        ),
        pytest.param(
            {"address": 1, "type": "string", "length": 2, "order": "CDAB"},
            "order of a string is ABCD, or BADC",
            id="words of a string",
        ),
        pytest.param({"address": 1, "table": "coil"}, "a coil is a bool", id="a number in a coil"),
        pytest.param({"address": 1, "type": "bool"}, "bit belongs to a bool", id="no bit"),
        pytest.param(
            {"address": 1, "type": "bool", "table": "coil", "bit": 1},
            "bit belongs to a bool in a register",
            id="the bit of a coil",
        ),
        pytest.param(
            {"address": 65_533, "type": "float64"},
            "address 65533 and 4 registers end above 65535",
            id="beyond the last register",
        ),
    ],
)
def test_a_register_that_cannot_be_is_told(register, said):
    with pytest.raises(ValidationError, match=said):
        Register(**register)


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        pytest.param(
            {"means": "good_count", "factor": 0.1}, "a count has scale", id="a count's factor"
        ),
        pytest.param({"means": "batch", "offset": 1.0}, "measured values", id="a batch's offset"),
        pytest.param({"factor": 0.0}, "factor 0", id="a factor of nothing"),
    ],
)
def test_a_scaling_that_cannot_be_is_told(tag, said):
    with pytest.raises(ValidationError, match=said):
        Tag(name="x", **tag)
