"""What a core reads by our OPC UA input and mapping, beside asyncua that only counts."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.memory_spool import MemorySpool
from plantstream.commands.bench_figure import Figure, Needs
from plantstream.commands.bench_tags import MACHINES, PUBLISHING_MS, TAGS, node, plant_file, served
from plantstream.commands.console import messages
from plantstream.runtime import clock
from plantstream.runtime.errors import PlantstreamError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.ports import Batch
    from plantstream.runtime.ports import Outgoing

NEEDS = Needs.NOTHING
ROUNDS = 3
SETTLED_AFTER_S, MEASURED_S = 2.0, 5.0
FIRST_WITHIN_S = 30.0
LOOK_EVERY_S = 0.05


async def measure(data_dir: Path) -> list[Figure]:
    """Read the same server by turns; the best round of each counts."""
    del data_dir
    bare, ours = [], []
    async with served() as endpoint:
        for _ in range(ROUNDS):
            async with _counting(endpoint) as counted:
                bare.append(await _per_core_second(counted))
            async with _reading(endpoint) as counted:
                ours.append(await _per_core_second(counted))
    messages.print(
        f"notifications per core-second: {max(ours):,.0f} as records, "
        f"{max(bare):,.0f} by asyncua that only counts"
    )
    return [Figure("opcua_ratio", max(ours) / max(bare), 1.0)]


async def _per_core_second(counted: Callable[[], int]) -> float:
    """Once the values flow: what is counted in the processor time of this process."""
    started = clock.monotonic()
    while counted() < len(MACHINES) * len(TAGS):
        await asyncio.sleep(LOOK_EVERY_S)
        if clock.monotonic() - started > FIRST_WITHIN_S:
            raise PlantstreamError("nothing comes from the benchmark's OPC UA server")
    await asyncio.sleep(SETTLED_AFTER_S)
    number, used_s = counted(), time.process_time()
    await asyncio.sleep(MEASURED_S)
    number, used_s = counted() - number, time.process_time() - used_s
    if not number:
        raise PlantstreamError("the benchmark's OPC UA server fell silent")
    return number / used_s


@dataclass(slots=True)
class _Counter:
    """asyncua calls it for every change."""

    number: int = 0

    def datachange_notification(self, *_: object) -> None:
        self.number += 1


@asynccontextmanager
async def _counting(endpoint: str) -> "AsyncIterator[Callable[[], int]]":
    from asyncua.client.client import Client

    from plantstream.simulator.playback import NAMESPACE

    counter = _Counter()
    async with Client(endpoint) as client:
        index = await client.get_namespace_index(NAMESPACE)
        nodes: Any = [
            client.get_node(f"ns={index};s={node(machine, tag)}")
            for machine in MACHINES
            for tag in TAGS
        ]
        subscription = await client.create_subscription(PUBLISHING_MS, counter)
        await subscription.subscribe_data_change(nodes, queuesize=100)
        yield lambda: counter.number
        await subscription.delete()


class _NullSpool(MemorySpool):
    """Gives ids and keeps nothing."""

    async def append(self, batch: "Batch") -> None:
        """Forget it."""


class _NullBroker:
    async def send(self, records: "Sequence[Outgoing]") -> None:
        """Forget them."""


@asynccontextmanager
async def _reading(endpoint: str) -> "AsyncIterator[Callable[[], int]]":
    from prometheus_client import CollectorRegistry

    from ingest.agent import run_agent
    from ingest.inputs.registry import build_inputs
    from ingest.options import World

    registry, plant = CollectorRegistry(), plant_file(endpoint)
    work = run_agent(
        (plant, build_inputs(plant)), _NullSpool(), _NullBroker(), world=World(registry=registry)
    )
    running = asyncio.create_task(work)

    def counted() -> int:
        wanted = ("plantstream_edge_samples_total", {"input": "server"})
        return int(registry.get_sample_value(*wanted) or 0)

    try:
        yield counted
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
