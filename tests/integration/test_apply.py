"""A plant file that is applied reaches a running edge, and everything after it, by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.server.server import Server

from plantstream.commands.scrape import total
from plantstream.runtime.kafka.whole import read_partitions
from schemas.codec import decode
from schemas.machine import MachineRecord, StateChanged
from schemas.topics import MACHINE
from tests.integration.line import Line, Running
from tests.parts import free_port

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

LIMIT_S = 30.0
PLANT = """
enterprise: acme
site: applied
name: A plant that changes
time_zone: UTC
calendars:
  always: {{shifts: [{{name: day, start: "00:00", end: "24:00"}}]}}
sources:
  plc:
    type: opcua
    endpoint: opc.tcp://127.0.0.1:{port}/test
    security: {{policy: "None", mode: "None"}}
equipment:
  - id: mixer
    area: hall
    line: one
    calendar: always
    source: plc
    tags:
      - {{name: state, node: "ns=2;s=State", means: state, states: {{6: {six}}}}}
"""
_node_id: Any = ua.NodeId
WHO = ("--as", "Ana Ruiz", "--reason", "trial")


@asynccontextmanager
async def serving(port: int) -> AsyncIterator[Any]:
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/test")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace("urn:test")
    await server.nodes.objects.add_variable(_node_id("State", 2), "State", 6)
    async with server:
        yield server


async def events(line: Line) -> list[MachineRecord]:
    records = read_partitions(line.kafka, MACHINE.name, range(MACHINE.partitions))
    found = [decode(MACHINE, one.value) async for one in records]
    return [one for one in found if one.equipment == "acme/applied/hall/one/mixer"]


async def seen(line: Line, wanted: Callable[[list[str]], bool]) -> list[MachineRecord]:
    """The events, once the categories of the states among them are as wanted."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = await events(line)
            if wanted([str(one.category) for one in found if isinstance(one, StateChanged)]):
                return found
            await asyncio.sleep(0.2)


@asynccontextmanager
async def following(line: Line, kafka: str, data_dir: Path) -> AsyncIterator[Running]:
    """An edge of the site, with its own directory."""
    port = free_port()
    words = ("--site", "acme/applied", "--data-dir", data_dir, "--port", str(port))
    where = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka}
    at_line = Line(line.data_dir, line.kafka, line.database, where)
    edge = await at_line.start("ingest", *words, port=port)
    try:
        yield edge
    finally:
        await edge.stop()


def write(file: Path, port: int, six: str) -> None:
    file.write_text(PLANT.format(port=port, six=six))


async def apply(line: Line, file: Path, port: int, six: str) -> None:
    write(file, port, six)
    where = {"PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": line.kafka.bootstrap_servers}
    at_line = Line(line.data_dir, line.kafka, line.database, where)
    ran = await at_line.command("apply", file, *WHO)
    assert ran.code == 0, ran.err


async def spooled(edge: Running) -> None:
    async with asyncio.timeout(LIMIT_S):
        while total(await edge.metrics(), "plantstream_edge_spool_depth") == 0:
            edge.must_live()
            await asyncio.sleep(0.1)


async def test_an_edge_follows_the_file_of_its_site_and_starts_from_its_copy_without_a_broker(
    line: Line, tmp_path: Path
) -> None:
    port, file, data_dir = free_port(), tmp_path / "plant.yaml", tmp_path / "edge"
    async with serving(port):
        async with following(line, line.kafka.bootstrap_servers, data_dir) as edge:
            await apply(line, file, port, "running")
            await seen(line, lambda states: states == ["running"])
            await apply(line, file, port, "setup")
            found = await seen(line, lambda states: states == ["running", "setup"])
            assert len({one.plant_version for one in found}) == 2
            edge.must_live()

        async with following(line, f"127.0.0.1:{free_port()}", data_dir) as edge:
            await edge.ready()
            await spooled(edge)
