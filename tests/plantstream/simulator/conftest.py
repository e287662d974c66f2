"""The example plant of Ninu, as the simulator sees it."""

from pathlib import Path

import pytest

from schemas.plant.load import load_plant

NINU = Path("deploy/plants/ninu/plant.yaml")


@pytest.fixture(scope="session")
def ninu():
    return load_plant(NINU.read_text(encoding="utf-8"), str(NINU))
