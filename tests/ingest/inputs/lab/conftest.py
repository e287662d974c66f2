"""A small plant with a laboratory, and an edge around its input that answers on loopback."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from ingest.agent import run_agent
from ingest.inputs.lab.answered import Answers
from ingest.inputs.lab.input import LabInput
from ingest.inputs.lab.tokens import FILE, lab_tokens
from ingest.metrics import SourceMetrics
from ingest.options import World
from ingest.ports import Spool
from ingest.spool import DiskSpool
from plantstream.runtime import clock
from schemas.plant.lab_source import LabSource
from schemas.plant.load import PlantFile, load_plant
from tests.ingest.kit import PLANT, MemoryBroker
from tests.parts import eventually

TESTS = """
products:
  - id: P1
    tests:
      - {id: ph, unit: pH}
      - {id: lead, unit: mg/l}
      - {id: look, kind: text}
  - {id: P2}
"""
NOW = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - judged against the wall clock
AGO = (NOW - timedelta(hours=1)).isoformat()


def plant() -> PlantFile:
    return load_plant(PLANT + TESTS, "plant.yaml")


def result(**changes: Any) -> dict[str, Any]:
    given = {
        "type": "test_result",
        "time": AGO,
        "product": "P1",
        "test": "ph",
        "value": 6.5,
        "unit": "pH",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


@dataclass
class Edge:
    """A running edge, and a client of its laboratory interface."""

    input: LabInput
    spool: Spool
    broker: MemoryBroker
    client: httpx2.AsyncClient
    task: "asyncio.Task[None]"
    registry: CollectorRegistry

    async def post(self, body: Any, path: str = "", **headers: str) -> httpx2.Response:
        return await self.client.post(f"/v1/events{path}", json=body, headers=headers)

    def records(self, topic: str) -> list[Any]:
        return self.broker.records(topic)

    async def published(self, topic: str, number: int) -> list[Any]:
        """The records of a topic, once there are so many."""
        await eventually(lambda: len(self.records(topic)) >= number)
        return self.records(topic)


@dataclass
class Laboratory:
    """Where edges are started, one after the other, with the same disk."""

    folder: Path
    token: str
    answer_within_s: float = 10.0
    answers: Answers | None = None
    trusted: ssl.SSLContext | None = None

    @asynccontextmanager
    async def edge(
        self, source: dict[str, Any] | None = None, spool: Spool | None = None
    ) -> AsyncIterator[Edge]:
        chosen = source or {"http": {"port": 0, "requests_per_s": 10_000}}
        lab = LabSource.model_validate({"type": "lab", **chosen})
        registry = CollectorRegistry()
        meters = SourceMetrics(registry).of("lab")
        within_s = self.answer_within_s
        made = LabInput("lab", lab, plant(), self.folder, meters, self.answers)
        made.answer_within_s = within_s
        self.folder.mkdir(exist_ok=True)
        kept = spool or DiskSpool.open(self.folder / "spool.sqlite", "edge", clock.now)
        broker = MemoryBroker()
        agent = run_agent((plant(), {"lab": made}), kept, broker, world=World())
        task = asyncio.create_task(agent)
        try:
            client = await self._client(made, lab, task)
            yield Edge(made, kept, broker, client, task, registry)
            await client.aclose()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await kept.close()

    async def _client(
        self, made: LabInput, lab: LabSource, task: "asyncio.Task[None]"
    ) -> httpx2.AsyncClient:
        if lab.http is None:
            return httpx2.AsyncClient()
        await eventually(lambda: made.address is not None or task.done())
        assert made.address is not None, task
        host, port = made.address
        return httpx2.AsyncClient(
            base_url=f"{'https' if lab.http.certificate else 'http'}://{host}:{port}",
            verify=self.trusted or True,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            limits=httpx2.Limits(max_connections=200),
        )


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    folder = tmp_path / "data"
    return Laboratory(folder, lab_tokens(folder / FILE).add("ana.ruiz", NOW))


@pytest.fixture
async def edge(laboratory: Laboratory) -> AsyncIterator[Edge]:
    async with laboratory.edge() as running:
        yield running


@pytest.fixture
def threaded(laboratory: Laboratory) -> Iterator[httpx2.Client]:
    """A client of an edge in a thread of its own, for tests without a loop."""
    started: Queue[str] = Queue()
    ending = threading.Event()

    async def run() -> None:
        async with laboratory.edge() as edge:
            started.put(str(edge.client.base_url))
            await asyncio.to_thread(ending.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    headers = {"Authorization": f"Bearer {laboratory.token}"}
    try:
        with httpx2.Client(base_url=started.get(timeout=20), headers=headers, timeout=30) as client:
            yield client
    finally:
        ending.set()
        thread.join(20)
