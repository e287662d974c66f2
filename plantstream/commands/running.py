"""Running asynchronous work for a command that ends."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

DRIVERS = ("aiokafka", "psycopg", "asyncio")


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run it; what drivers log stays away, because their errors reach the user as one sentence."""
    for driver in DRIVERS:
        logger = logging.getLogger(driver)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
    return asyncio.run(work)
