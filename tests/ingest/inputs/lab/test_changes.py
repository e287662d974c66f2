"""A plant file that changes while the edge runs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2

from ingest.agent import run_agent
from ingest.inputs.lab.input import LabInput
from ingest.memory_spool import MemorySpool
from ingest.options import World
from schemas.plant.lab_source import LabHttp, LabSource
from schemas.plant.load import load_plant
from schemas.topics import LAB
from tests.ingest.inputs.lab.conftest import TESTS, Laboratory, result
from tests.ingest.kit import PLANT, MemoryBroker
from tests.parts import eventually, free_port

LIMIT_S = 20


def plan(laboratory: Laboratory, port: int, more: str = "") -> tuple[Any, dict[str, LabInput]]:
    """A plant with more tests of its first product, and its input."""
    source = f"sources:\n  lab: {{type: lab, http: {{port: {port}}}}}\n"
    text = f"{PLANT}{TESTS.replace('{id: ph,', f'{more}{{id: ph,')}{source}"
    file = load_plant(text, "plant.yaml")
    lab = LabSource(type="lab", http=LabHttp(port=port))
    return file, {"lab": LabInput("lab", lab, file, laboratory.folder)}


@asynccontextmanager
async def running(first: Any, changes: AsyncIterator[Any]) -> AsyncIterator[MemoryBroker]:
    broker = MemoryBroker()
    agent = run_agent(first, MemorySpool(), broker, world=World(), changes=changes)
    task = asyncio.create_task(agent)
    try:
        yield broker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def answered(post: Callable[[], Any], status: int) -> None:
    """Say it until it is answered so."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            with suppress(httpx2.TransportError):
                if (await post()).status_code == status:
                    return
            await asyncio.sleep(0.02)


async def test_a_new_plant_file_counts_at_once_on_the_same_port(laboratory: Laboratory):
    port, changed = free_port(), asyncio.Event()

    async def changes() -> AsyncIterator[Any]:
        await changed.wait()
        yield plan(laboratory, port, "{id: taste, kind: text}\n      - ")
        await asyncio.Event().wait()

    headers = {"Authorization": f"Bearer {laboratory.token}"}
    new = result(id="k", test="taste", unit=None, value="sweet")
    async with (
        running(plan(laboratory, port), changes()) as broker,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
    ):
        await answered(lambda: client.post("/v1/events", json=new), 422)
        changed.set()
        await answered(lambda: client.post("/v1/events", json=new), 202)
        await eventually(lambda: len(broker.records(LAB.name)) == 1)
