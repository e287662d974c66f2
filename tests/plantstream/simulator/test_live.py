"""Server, machines and ledger together, as the edge's input sees them."""

import asyncio
import socket

import pytest

from ingest.input import Missed, Sample, Unreadable
from ingest.inputs.opcua import OpcUaInput
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.simulator.client_side import install_certificate, pointed_at
from plantstream.simulator.ledger import read_ledger
from plantstream.simulator.live import LiveOptions, LivePlant
from plantstream.simulator.truth import counts

LIMIT_S = 30.0


@pytest.fixture
def port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


async def heard_until(plant, seen, condition):
    """Listen as the edge does until the condition on what was heard holds."""
    source = plant.plant.sources["plant"]
    equipment = [(plant.plant.path_of(one), one) for one in plant.plant.equipment]
    async with asyncio.timeout(LIMIT_S):
        async for chunk in OpcUaInput("plant", source, equipment).chunks(None):
            seen += chunk.observations
            if condition():
                return


async def test_what_the_edge_hears_is_what_the_ledger_says(ninu, tmp_path, port):
    live = LivePlant(ninu, LiveOptions(tmp_path, port=port, seed=4, speed=20))
    await live.start()
    plant = pointed_at(ninu, live.server, tmp_path)
    paths = {plant.plant.path_of(one) for one in plant.plant.equipment}
    seen: list = []
    stopped: set = set()

    def told():
        """Let it live for some parts, then until everybody has said to have stopped."""
        good = sum(isinstance(one, Sample) and one.tag == "good" for one in seen)
        if good > 3 * len(paths):
            live.rest()
        newest = {one.equipment: one.value for one in seen if getattr(one, "tag", "") == "state"}
        stopped.update(path for path, state in newest.items() if state == 2)
        stopped.intersection_update(path for path in newest if newest[path] == 2)
        return good > 3 * len(paths) and stopped == paths

    async with asyncio.TaskGroup() as group:
        group.create_task(heard_until(plant, seen, told))
        await live.watched(LIMIT_S)
        group.create_task(live.run())
    await live.close()
    ledger = read_ledger(live.ledger_file)
    assert ledger.complete
    assert not [one for one in seen if isinstance(one, Missed | Unreadable)]
    for path in paths:
        assert states_heard(seen, path, ledger.start) == states_written(ledger, path)
        assert good_heard(seen, plant, path) == counts(ledger, path, ledger.start, ledger.end).good


def states_heard(seen, path, start):
    """State changes with their source times; the first sample of all is from before the start."""
    return [
        (one.source_time, one.value)
        for one in seen
        if getattr(one, "tag", "") == "state" and one.equipment == path and one.source_time >= start
    ]


def states_written(ledger, path):
    found: list = []
    for entry in ledger.equipment[path].stances:
        state = entry.state and int(entry.state)
        if not found or found[-1][1] != state:
            found.append((entry.at, state))
    return found


def good_heard(seen, plant, path):
    tag = next(tag for tag in plant.plant.find(path).tags if tag.means == "good_count")
    values = [
        one.value
        for one in seen
        if getattr(one, "tag", "") == "good" and one.equipment == path and one.value is not None
    ]
    total = 0
    for before, after in zip(values, values[1:], strict=False):
        rolled = tag.rollover + 1 - before if before > 65_000 else 0
        total += after - before if after >= before else after + rolled
    return total * int(tag.scale)


async def test_nobody_watching_is_told_in_time_and_a_taken_port_at_once(ninu, tmp_path, port):
    live = LivePlant(ninu, LiveOptions(tmp_path, port=port))
    await live.start()
    try:
        with pytest.raises(UnavailableError, match="0 of 72 tags"):
            await live.watched(0.0)
        again = LivePlant(ninu, LiveOptions(tmp_path / "other", port=port, secure=False))
        with pytest.raises(MisconfiguredError, match="choose another port"):
            await again.start()
    finally:
        await live.close()


async def test_the_certificate_goes_where_the_plant_file_expects_it(ninu, tmp_path, port):
    live = LivePlant(ninu, LiveOptions(tmp_path / "server", port=port))
    wanted = tmp_path / "trusted" / "server.der"
    text = ninu.text.replace("~/.plantstream/ninu/opcua-server.der", str(wanted))
    plant = pointed_at(ninu, live.server, tmp_path)
    assert plant.plant.sources["plant"].endpoint == live.server.endpoint
    assert plant.version != ninu.version
    assert type(ninu)(ninu.plant, ninu.version, ninu.file, text).text == text
    live.server.certificate.certificate.parent.mkdir()
    live.server.certificate.certificate.write_bytes(b"certificate")
    moved = ninu.plant.sources["plant"].security.model_copy(
        update={"server_certificate": str(wanted)}
    )
    source = ninu.plant.sources["plant"].model_copy(update={"security": moved})
    pointing = type(ninu)(
        ninu.plant.model_copy(update={"sources": {"plant": source}}), "v", ninu.file, text
    )
    assert install_certificate(pointing, live.server) == wanted
    assert wanted.read_bytes() == b"certificate"
