"""All stand-ins of a demo together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from plantstream.runtime import clock
from plantstream.simulator.stand_ins.answerer import Answerer
from plantstream.simulator.stand_ins.arrivals import Arrivals
from plantstream.simulator.stand_ins.mailbox import mailbox
from plantstream.simulator.stand_ins.ports import StandInPorts
from plantstream.simulator.stand_ins.providers import providers
from plantstream.simulator.stand_ins.ways import LocalWays, local_ways
from schemas.plant.load import PlantFile


@dataclass(frozen=True, slots=True)
class StandIns:
    """What arrives, who answers it, and the plant file that leads to them."""

    arrivals: Arrivals
    answerer: Answerer
    ways: LocalWays


@asynccontextmanager
async def stand_ins(
    plant: PlantFile, directory: Path, ports: StandInPorts, pages: str, speed: float
) -> AsyncIterator[StandIns]:
    """Mailbox and providers of a plant file's channels; links of messages lead to `pages`.

    Raises:
        MisconfiguredError: a port is taken.
    """
    arrivals = Arrivals(directory, clock.now)
    answerer = Answerer(arrivals, speed, clock.now)
    secrets: dict[str, dict[str, str]] = {}
    channels = plant.plant.channels
    try:
        async with (
            mailbox(arrivals, ports.mail) as mail_port,
            providers(arrivals, channels, secrets, ports.providers) as address,
        ):
            ways = local_ways(plant, mail_port, address, pages)
            secrets.update({name: dict(known) for name, known in ways.secrets.items()})
            yield StandIns(arrivals, answerer, ways)
    finally:
        await answerer.close()
