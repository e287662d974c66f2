"""Outages of the network before node-opcua: what it kept meanwhile arrives."""

import asyncio

import pytest

from ingest.input import Alive, Missed, Sample
from tests.ingest.inputs.opcua import node_opcua
from tests.ingest.inputs.opcua.conftest import free_port
from tests.ingest.inputs.opcua.test_input import kinds, values
from tests.proxy import proxying

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def historian(tmp_path_factory):
    """It keeps a history of everything that the equipment has."""
    directory = tmp_path_factory.mktemp("historian")
    with node_opcua.running(directory, free_port(), history=["State", "Good"]) as running:
        yield running


@pytest.fixture
async def network(historian):
    async with proxying(historian.port) as proxy:
        yield proxy


@pytest.fixture
def hearing(historian, network, source, equipment, listening):
    """A listener to the server through the network."""

    def hear(**changed):
        wanted = source(historian, endpoint=f"opc.tcp://127.0.0.1:{network.port}", **changed)
        return listening(wanted, equipment())

    return hear


async def cut_and_count(network, historian, heard, counts):
    """While the network is away the counter goes on."""
    async with network.away():
        for count in counts:
            historian.write("Good", count)
            await asyncio.sleep(0.1)
    await heard.until(lambda seen: counts[-1] in values(seen, "good"))
    historian.write("Good", counts[-1] + 1)
    return await heard.until(lambda seen: counts[-1] + 1 in values(seen, "good"))


@pytest.mark.parametrize(
    "buffer_s", [pytest.param(30, id="the subscription went on"), pytest.param(0, id="history")]
)
async def test_a_cut_network_before_node_opcua_loses_nothing(
    historian, network, hearing, buffer_s, capsys
):
    historian.write("Good", 1)
    async with hearing(buffer_s=buffer_s) as heard:
        await heard.until(lambda seen: 1 in values(seen, "good") and kinds(seen, Alive))
        seen = await cut_and_count(network, historian, heard, range(2, 9))
    assert values(seen, "good") == list(range(1, 10))
    assert not kinds(seen, Missed)
    times = [one.source_time for one in kinds(seen, Sample) if one.tag == "good"]
    assert times == sorted(set(times))
    assert ("went on without us" in capsys.readouterr().err) is (buffer_s > 0)
