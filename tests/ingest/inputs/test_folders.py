"""Every input can be found, understood and tried by a newcomer."""

from pathlib import Path

import pytest

from ingest.inputs.registry import INPUTS, build_inputs
from schemas.plant.load import load_plant
from tests.ingest.kit import ROOT

FOLDERS = sorted(path.parent for path in (ROOT / "ingest" / "inputs").glob("*/__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_input_has_a_page_that_names_its_metrics_and_what_it_does_not_promise(
    folder: Path,
) -> None:
    page = (folder / "README.md").read_text()

    assert "plantstream_source_" in page
    assert "not" in page


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_sample_of_an_input_is_a_plant_file_that_reads_it(folder: Path) -> None:
    file = folder / "sample.yaml"
    plant = load_plant(file.read_text(), str(file))

    if folder.name in INPUTS:
        assert folder.name in {source.type for source in plant.plant.sources.values()}
        assert build_inputs(plant)
