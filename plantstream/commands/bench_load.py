"""How late rows and pages are with 20,000 samples a second, given to the edge behind OPC UA."""

import asyncio
from typing import TYPE_CHECKING

from plantstream.commands import bench_load_run
from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_load_plant import Load
from plantstream.commands.bench_provider import providing

if TYPE_CHECKING:
    from plantstream.commands.stack import Stack

NEEDS = Needs.STACK
LOAD = Load(machines=200)
IDS = ("row_load_p99_ms", "page_load_p99_ms")
_EDGE = "plantstream.commands.bench_load_edge"
_NOWHERE = "opc.tcp://127.0.0.1:1"


async def measure(stack: "Stack") -> list[Figure]:
    """Start an edge to which values come by themselves, and watch.

    Raises:
        PlantstreamError: a row or a page is missing.
    """
    async with providing() as provider:
        file = stack.data_dir / "bench.yaml"
        plant = LOAD.plant(_NOWHERE, provider.address)
        await asyncio.to_thread(file.write_text, plant.text)
        await stack.start_notify(file)
        await stack.start_edge(_EDGE, str(file), str(stack.data_dir))
        return await bench_load_run.measure(stack, provider, LOAD, IDS, {})
