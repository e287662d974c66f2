"""Plant files as rows, each read once however often it is told."""

import pytest

from schemas.plant.load import PlantFile, load_plant
from sinks.timescale import plant_files
from sinks.timescale.plant_files import CRITICAL_TAGS, PLANT_FILES
from tests.sinks.quality_story import PUBLISHED


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The texts that were read."""
    texts: list[str] = []

    def reading(text: str, file: str) -> PlantFile:
        texts.append(text)
        return load_plant(text, file)

    monkeypatch.setattr(plant_files, "load_plant", reading)
    return texts


def test_a_file_that_an_edge_tells_again_is_not_read_again(read: list[str]):
    text = f"{PUBLISHED.text}\n# told again"
    for number in (1, 2):
        told = PUBLISHED.model_copy(update={"text": text, "number": number})
        assert PLANT_FILES.rows_of(told)
        CRITICAL_TAGS.rows_of(told)
    assert read == [text]


def test_a_file_of_another_text_is_read(read: list[str]):
    texts = [f"{PUBLISHED.text}\n# {number}" for number in (1, 2)]
    for text in texts:
        PLANT_FILES.rows_of(PUBLISHED.model_copy(update={"text": text}))
    assert read == texts
