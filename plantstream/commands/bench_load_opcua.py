"""How late rows and pages are with 5,000 samples a second from an OPC UA server."""

import asyncio
from typing import TYPE_CHECKING

from plantstream.commands import bench_load_run
from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_load_plant import Load
from plantstream.commands.bench_provider import providing
from plantstream.commands.bench_tags import serving

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack

NEEDS = Needs.STACK
LOAD = Load(machines=50)
IDS = ("row_opcua_p99_ms", "page_opcua_p99_ms")
_SERVER = "plantstream.commands.bench_load_server"


async def measure(stack: "Stack") -> list[Figure]:
    """Let an edge read the server, and watch.

    Raises:
        PlantstreamError: a row or a page is missing.
    """
    async with providing() as provider, serving(_SERVER, str(LOAD.machines)) as (endpoint, pid):
        file = stack.data_dir / "bench.yaml"
        plant = LOAD.plant(endpoint, provider.address)
        await asyncio.to_thread(file.write_text, plant.text)
        await stack.start_notify(file)
        await stack.start_service("ingest", "--plant", str(file))
        return await bench_load_run.measure(stack, provider, LOAD, IDS, {"server": pid})
