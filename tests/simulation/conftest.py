"""What all simulations share."""

import functools
import logging
from collections.abc import Iterator

import pytest
import structlog

from schemas.plant.load import load_plant


@pytest.fixture(autouse=True, scope="package")
def _quiet() -> Iterator[None]:
    """Thousands of crashes are no news: nothing below critical is logged."""
    before = structlog.get_config()
    level = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=level)
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True, scope="package")
def _plants_read_once() -> Iterator[None]:
    """Every process reads the same plant file; parsing it is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        read_once = functools.cache(load_plant)
        patch.setattr("processors.streams.plants.load_plant", read_once)
        patch.setattr("tests.simulation.world.load_plant", read_once)
        yield
