"""Starts services anew that end by themselves, as whoever runs a plant has it done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.factory import Factory

RESTART_AFTER_S = 1.0
LOOK_EVERY_S = 0.2


@asynccontextmanager
async def supervised(factory: Factory) -> AsyncIterator[list[str]]:
    """As long as the block runs; gives the names of those that were started anew."""
    anew: list[str] = []
    done = asyncio.Event()
    watching = asyncio.create_task(_watch(factory, anew, done))
    try:
        yield anew
    finally:
        done.set()
        await watching


async def _watch(factory: Factory, anew: list[str], done: asyncio.Event) -> None:
    while not done.is_set():
        for (name, slot), service in list(factory.running.items()):
            if service.process.returncode is not None:
                anew.append(name)
                await asyncio.sleep(RESTART_AFTER_S)
                await factory.launch(name, slot)
        await asyncio.sleep(LOOK_EVERY_S)
