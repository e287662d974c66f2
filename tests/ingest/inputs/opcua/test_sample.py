"""The sample plant file may be used as it is."""

from pathlib import Path

import ingest.inputs.opcua
from schemas.plant.load import load_plant


def test_the_sample_is_a_plant_file_without_mistakes():
    file = Path(ingest.inputs.opcua.__file__).with_name("sample.yaml")
    plant = load_plant(file.read_text(encoding="utf-8"), str(file)).plant
    assert [len(tags.tags) for _, tags in plant.read_at("line-1")] == [4, 4]
