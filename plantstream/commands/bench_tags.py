"""What the benchmarks of the edge read: ten machines of a hundred tags each, ten times a second."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plantstream.simulator.playback import PlaybackServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.edge import Outcome
    from ingest.input import Sample
    from ingest.sealing import Stamps
    from schemas.plant.load import PlantFile

MACHINES = tuple(f"machine-{number}" for number in range(10))
TAGS = tuple(f"t{number:02}" for number in range(100))
PERIOD = timedelta(milliseconds=100)
PUBLISHING_MS = 200
"""For values that change so often; at the default of 500 ms each answer brings 5,000 at once."""
CHUNK_SAMPLES = 500
"""As the OPC UA input cuts them: half an instant of all machines."""
SERVER_WITHIN_S = 60
PATH = "bench/hall/a/l/{}"

_PLANT = """
enterprise: bench
site: hall
name: Benchmark
time_zone: UTC
sources:
  server:
    type: opcua
    endpoint: {endpoint}
    sampling_ms: 100
    publishing_ms: {publishing_ms}
    security: {{policy: None, mode: None}}
calendars:
  always: {{shifts: [{{name: day, days: all, start: "00:00", end: "24:00"}}]}}
equipment_classes:
  machine:
    calendar: always
    tags:
{tags}
equipment:
{equipment}
"""


def node(machine: str, tag: str) -> str:
    """The name of a tag's node."""
    return f"{machine}.{tag}"


def plant_text(endpoint: str = "opc.tcp://127.0.0.1:4840") -> str:
    """The plant file, with its server there."""
    address = PlaybackServer.address(node("{id}", "{tag}"))
    return _PLANT.format(
        endpoint=endpoint,
        publishing_ms=PUBLISHING_MS,
        tags="\n".join(
            f'      - {{name: {tag}, node: "{address.replace("{tag}", tag)}"}}' for tag in TAGS
        ),
        equipment="\n".join(
            f"  - {{id: {one}, area: a, line: l, class: machine, source: server}}"
            for one in MACHINES
        ),
    )


def plant_file(endpoint: str = "opc.tcp://127.0.0.1:4840") -> "PlantFile":
    """The plant, with its server there."""
    from schemas.plant.load import load_plant

    return load_plant(plant_text(endpoint), "bench.yaml")


def samples(begin: datetime, number: int) -> "Iterator[tuple[Sample, ...]]":
    """So many samples in chunks; the value is the number of the instant."""
    from ingest.input import Sample

    tags = [(PATH.format(machine), tag) for machine in MACHINES for tag in TAGS]
    for count in range(number // len(tags)):
        at = begin + count * PERIOD
        for start in range(0, len(tags), CHUNK_SAMPLES):
            part = tags[start : start + CHUNK_SAMPLES]
            yield tuple(Sample(path, tag, count + 0.5, at) for path, tag in part)


def outcomes(stamps: "Stamps", begin: datetime, number: int) -> "Iterator[Outcome]":
    """What the edge makes of each of these chunks."""
    from ingest.edge import Edge
    from ingest.sealing import Moment

    plant = plant_file()
    edge = Edge(plant, stamps)
    traceparent = f"00-{'1' * 32}-{'2' * 16}-01"
    for chunk in samples(begin, number):
        yield edge.take(chunk, Moment("", plant.version, traceparent, chunk[-1].source_time))


@asynccontextmanager
async def served(period: timedelta = PERIOD) -> "AsyncIterator[str]":
    """The tags at an OPC UA server in a process of its own, each changing once in this time."""
    module = "plantstream.commands.bench_opcua_server"
    async with serving(module, str(period.total_seconds())) as (endpoint, _):
        yield endpoint


@asynccontextmanager
async def serving(module: str, argument: str) -> "AsyncIterator[tuple[str, int]]":
    """A module that serves OPC UA in a process of its own: its endpoint, and its process id."""
    import asyncio
    import os
    import sys

    from plantstream.embedded.child import die_with
    from plantstream.runtime.errors import PlantstreamError

    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        argument,
        stdout=pipe,
        stderr=nowhere,
        preexec_fn=die_with(os.getpid()),
    )
    try:
        async with asyncio.timeout(SERVER_WITHIN_S):
            said = await process.stdout.readline() if process.stdout else b""
        if not said:
            raise PlantstreamError("the benchmark's OPC UA server did not start")
        yield said.decode().strip(), process.pid
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
