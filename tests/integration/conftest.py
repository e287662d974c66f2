"""One line for all integration tests, started as a user starts it: by `plantstream up`."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from plantstream.embedded.checks import HOST
from plantstream.runtime.settings import DatabaseSettings, KafkaSettings
from tests.integration.collector import Collector, collecting
from tests.integration.line import Line, Running
from tests.parts import free_port

UP_LIMIT_S = 240.0
"""On a machine without caches the parts are fetched first."""
SERVICES = ("process", "alerts", "sink")
PORTS = ("kafka", "controller", "database", "ingest", *SERVICES)


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Services follow the traces that an edge begins; no other test has such an edge."""
    with collecting() as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def line(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> AsyncIterator[Line]:
    ports = {name: free_port() for name in PORTS}
    options = [text for name, port in ports.items() for text in (f"--{name}-port", str(port))]
    line = Line(
        tmp_path_factory.mktemp("line"),
        KafkaSettings(bootstrap_servers=f"{HOST}:{ports['kafka']}"),
        DatabaseSettings(host=HOST, port=ports["database"]),
        {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"},
        pages={
            name: f"http://{HOST}:{ports[name]}/metrics" for name in ("process", "sink", "alerts")
        },
    )
    up = await line.start("up", "--data-dir", line.data_dir, *options, port=ports["sink"])
    try:
        await until_up(up)
        yield line
    finally:
        await up.stop()


async def until_up(up: Running) -> None:
    async with asyncio.timeout(UP_LIMIT_S):
        while "Ctrl-C stops everything" not in up.last_words():
            up.must_live()
            await asyncio.sleep(0.2)
