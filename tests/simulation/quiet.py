"""Settings of a process that simulates: thousands of crashes are no news, plants are read once."""

import functools
import gc
import logging
from collections.abc import Callable

import structlog

from processors.streams import plants
from schemas.plant.load import load_plant
from tests.simulation import pages, world

_GARBAGE = (50_000, 20, 50)
"""A world makes little of it, and is looked through for it all the time otherwise."""
_read_once = functools.cache(load_plant)


def quiet(put: Callable[..., None] = setattr) -> None:
    """Nothing below critical is logged; parsing a plant file is not what is tested."""
    gc.set_threshold(*_GARBAGE)
    level = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=level)
    for module in (plants, pages, world):
        put(module, "load_plant", _read_once)
