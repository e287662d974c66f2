"""A simulated plant from its start to its end, as a command or a demo runs it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plantstream.simulator.client_side import install_certificate
from plantstream.simulator.live import LivePlant
from schemas.plant.load import PlantFile

WATCHED_WITHIN_S = 120.0


class Phase(StrEnum):
    """How far a simulated plant has come."""

    LISTENING = "listening"
    """The server is up, and its certificate is where the plant file expects it."""
    LIVING = "living"
    """Every tag is watched, and the machines have begun."""
    RESTING = "resting"
    """All machines stand for good; the ledger is complete."""


@dataclass(frozen=True, slots=True)
class Requests:
    """What may be asked of a simulated plant; the first signal is `rest`, the second `close`."""

    rest: asyncio.Event = field(default_factory=asyncio.Event)
    close: asyncio.Event = field(default_factory=asyncio.Event)


async def serve(
    live: LivePlant,
    plant: PlantFile,
    requests: Requests,
    told: Callable[[Phase], None],
    watched_within_s: float = WATCHED_WITHIN_S,
) -> None:
    """Listen, wait until every tag is watched, live until `rest`, and stay until `close`.

    Asked to rest before anybody watched, it ends at once. `plant` is the file that the edge reads.
    At rest the server stays up, so that whoever compares can wait for the last values to arrive.

    Raises:
        MisconfiguredError: the plant cannot be simulated, or the port is taken.
        UnavailableError: nobody watches in time.
    """
    try:
        await live.start()
        install_certificate(plant, live.server)
        told(Phase.LISTENING)
        if not await _unless(requests.rest, live.watched(watched_within_s)):
            return
        told(Phase.LIVING)
        async with asyncio.TaskGroup() as group:
            group.create_task(live.run())
            await requests.rest.wait()
            live.rest()
        told(Phase.RESTING)
        await requests.close.wait()
    finally:
        await live.close()


async def _unless(asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, or leave it when asked to; gives whether it was done."""
    doing = asyncio.ensure_future(work)
    asking = asyncio.ensure_future(asked.wait())
    try:
        await asyncio.wait({doing, asking}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            return False
        await doing
        return True
    finally:
        for task in (doing, asking):
            task.cancel()
        await asyncio.gather(doing, asking, return_exceptions=True)
