"""Server, machines and ledger together, as the edge's input sees them."""

import asyncio
import socket
from dataclasses import replace
from itertools import pairwise

import pytest

from ingest.input import Missed, Sample, Unreadable
from ingest.inputs.opcua import OpcUaInput
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.simulator.client_side import install_certificate, pointed_at
from plantstream.simulator.ledger import read_ledger
from plantstream.simulator.live import LiveOptions, LivePlant
from plantstream.simulator.opcua_server import PlantServer
from plantstream.simulator.serve import Phase, Requests, serve
from plantstream.simulator.truth import counts
from schemas.plant.load import load_plant
from schemas.plant.sources import OpcUaSource

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
        if good > 2 * len(paths):
            live.rest()
        newest = {one.equipment: one.value for one in seen if getattr(one, "tag", "") == "state"}
        stopped.update(path for path, state in newest.items() if state == 2)
        stopped.intersection_update(path for path in newest if newest[path] == 2)
        return good > 2 * len(paths) and stopped == paths

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
    """State changes with their source times."""
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
    for before, after in pairwise(values):
        rolled = tag.rollover + 1 - before if before > 65_000 else 0
        total += after - before if after >= before else after + rolled
    return total * int(tag.scale)


async def test_a_taken_port_and_nobody_watching_are_told(ninu, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        live = LivePlant(ninu, LiveOptions(tmp_path, port=taken.getsockname()[1], secure=False))
        with pytest.raises(MisconfiguredError, match="choose another port"):
            await live.start()
    with pytest.raises(UnavailableError, match="0 of 83 tags"):
        await live.watched(0.0)
    await live.close()


def test_the_certificate_goes_where_the_plant_file_expects_it(ninu, tmp_path):
    server = PlantServer(4840, tmp_path / "server")
    server.certificate.certificate.parent.mkdir()
    server.certificate.certificate.write_bytes(b"certificate")
    wanted = tmp_path / "trusted" / "server.der"
    text = ninu.text.replace("~/.plantstream/ninu/opcua-server.der", str(wanted))
    assert install_certificate(load_plant(text, ninu.file), server) == wanted
    assert wanted.read_bytes() == b"certificate"


@pytest.mark.parametrize("secure", [True, False])
def test_a_plant_file_can_be_pointed_at_the_simulator(ninu, tmp_path, secure):
    server = PlantServer(48123, tmp_path / "server", secure=secure)
    source = pointed_at(ninu, server, tmp_path).plant.sources["plant"]
    assert isinstance(source, OpcUaSource)
    assert source.endpoint == server.endpoint
    assert source.security.policy == ("Basic256Sha256" if secure else "None")
    if secure:
        assert source.security.server_certificate == str(server.certificate.certificate)
        assert source.security.certificate == str(tmp_path / "client.der")
    else:
        assert install_certificate(ninu, server) is None


def test_a_plant_without_a_source_cannot_be_pointed(ninu, tmp_path):
    nowhere = replace(ninu, plant=ninu.plant.model_copy(update={"sources": {}}))
    with pytest.raises(MisconfiguredError, match="has 0 OPC UA sources"):
        pointed_at(nowhere, PlantServer(4840, tmp_path), tmp_path)


async def test_it_lives_while_it_is_watched_and_rests_when_asked(ninu, tmp_path, port):
    live = LivePlant(ninu, LiveOptions(tmp_path, port=port))
    plant = pointed_at(ninu, live.server, tmp_path)
    requests = Requests()
    phases: list[Phase] = []
    listening = asyncio.Event()

    def told(phase):
        phases.append(phase)
        if phase is Phase.LISTENING:
            listening.set()
        elif phase is Phase.LIVING:
            requests.rest.set()
        else:
            requests.close.set()

    async with asyncio.timeout(LIMIT_S):
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(live, plant, requests, told))
            await listening.wait()
            hearing = group.create_task(heard_until(plant, [], lambda: False))
            await requests.close.wait()
            hearing.cancel()
    assert phases == [Phase.LISTENING, Phase.LIVING, Phase.RESTING]
    assert read_ledger(live.ledger_file).complete


class Unwatched(LivePlant):
    """Is never watched, and needs no address space for it."""

    async def start(self):
        pass

    async def watched(self, within_s):
        await asyncio.sleep(within_s)


async def test_asked_to_rest_before_anybody_watched_it_ends(ninu, tmp_path, port):
    requests = Requests()
    phases: list[Phase] = []
    requests.rest.set()
    live = Unwatched(ninu, LiveOptions(tmp_path, port=port, secure=False))
    await serve(live, pointed_at(ninu, live.server, tmp_path), requests, phases.append)
    assert phases == [Phase.LISTENING]


async def test_a_reactor_overheats_and_the_ledger_tells_each_temperature_of_it(
    ninu, tmp_path, port
):
    options = LiveOptions(tmp_path, port=port, speed=100, secure=False, overheats=True)
    live = LivePlant(ninu, options)
    await live.start()
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        group.create_task(live.run())
        while True:
            if len(told_of(live)[0]) == 2:
                break
            await asyncio.sleep(0.1)
        live.rest()
    await live.close()
    (begin, end), shown = told_of(live)
    assert (begin.what, begin.begins, end.begins) == ("heating_stuck", True, False)
    assert max(one.value for one in shown) > 100
    assert {one.tag for one in shown} == {"temperature"}
    assert all(one.at >= begin.at for one in shown)


def told_of(live):
    """Mishaps, and what was shown around them."""
    histories = read_ledger(live.ledger_file).equipment.values()
    mishaps = [entry for one in histories for entry in one.mishaps]
    return mishaps, [entry for one in histories for entry in one.shown]
