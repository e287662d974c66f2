"""Waiting for things outside this process that cannot wake us."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], every_s: float) -> None:
    """Ask at once and then every so many seconds; the caller sets the limit."""
    while True:
        if condition():
            return
        await asyncio.sleep(every_s)
