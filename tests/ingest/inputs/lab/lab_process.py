"""An edge with a laboratory whose broker is away, until it is killed; tells its port and holds."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from ingest.agent import run_agent
from ingest.inputs.lab.input import LabInput
from ingest.spool import DiskSpool
from plantstream.runtime import clock
from plantstream.runtime.errors import UnavailableError
from plantstream.runtime.ports import Outgoing
from schemas.plant.lab_source import LabHttp, LabSource
from tests.ingest.inputs.lab.conftest import plant


class NoBroker:
    """A broker that nobody reaches."""

    async def send(self, records: Sequence[Outgoing]) -> None:
        raise UnavailableError(f"{len(records)} records wait")


async def main(folder: Path) -> None:
    made = LabInput("lab", LabSource(type="lab", http=LabHttp(port=0)), plant(), folder)
    spool = DiskSpool.open(folder / "spool.sqlite", "edge", clock.now)
    agent = asyncio.create_task(run_agent((plant(), {"lab": made}), spool, NoBroker()))
    told: set[str] = set()
    while not agent.done():
        said = f"port {made.address[1]}" if made.address else ""
        said = "holding" if made.noted.holding or made.stored.holding else said
        if said and said not in told:
            told.add(said)
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
        await asyncio.sleep(0.01)
    await agent


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
