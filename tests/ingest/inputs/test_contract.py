"""What every input owes its caller, with every peer that it has."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.input import GOOD, Alive, Missed, Unreadable
from tests.ingest.inputs.modbus.peer import SerialDevice, libmodbus_slave, pymodbus_server
from tests.ingest.inputs.mqtt.peer import JsonBroker, SparkplugBroker
from tests.ingest.inputs.opcua.peer import AsyncuaServer, NodeOpcuaServer
from tests.ingest.inputs.peers import ABSENT, LEVEL, NUMBER, ONE, TWO, Peer
from tests.ingest.inputs.stories import (
    Calm,
    Outage,
    Unreachable,
    beyond,
    calm,
    left_after_values,
    outage,
    unreachable,
)

BACK_WITHIN_S = 5.0
A_MOMENT = timedelta(seconds=0.3)
"""What was on its way when the peer was struck may still arrive."""
PEERS: dict[str, Callable[[Path], Peer]] = {
    "pymodbus": pymodbus_server,
    "libmodbus": libmodbus_slave,
    "libmodbus-serial": SerialDevice,
    "mosquitto-json": JsonBroker,
    "mosquitto-sparkplug": SparkplugBroker,
    "asyncua": AsyncuaServer,
    "node-opcua": NodeOpcuaServer,
}
"""The last ones load what they need while the others are tested."""

pytestmark = pytest.mark.slow


@contextmanager
def made(names: Iterable[str], home: pytest.TempPathFactory) -> Iterator[Mapping[str, Peer]]:
    """Those of these peers that this machine can run, not started yet."""
    found: dict[str, Peer] = {}
    try:
        for name in names:
            with suppress(pytest.skip.Exception):
                found[name] = PEERS[name](home.mktemp(name))
        yield found
    finally:
        for one in found.values():
            one.close()


@pytest.fixture(scope="module")
def peers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Peer]]:
    """The peers of all tests that are to run."""
    ours = (one for one in request.session.items if one.path == request.path)
    params = (one.callspec.params for one in ours if isinstance(one, pytest.Function))
    with made(dict.fromkeys(str(one["peer"]) for one in params), tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module", params=PEERS)
def peer(request: pytest.FixtureRequest, peers: Mapping[str, Peer]) -> Iterator[Peer]:
    """A running peer; whoever strikes it brings it back."""
    if request.param not in peers:
        pytest.skip(f"{request.param} cannot run here")
    one = peers[request.param]
    try:
        one.start()
        yield one
    finally:
        one.kill()


@pytest.fixture(scope="module")
def talk(peer: Peer) -> Calm:
    return asyncio.run(calm(peer))


@pytest.fixture(scope="module")
def killed(peer: Peer) -> Outage:
    return asyncio.run(outage(peer, signal.SIGKILL))


@pytest.fixture(scope="module")
def halted(peer: Peer) -> Outage:
    """Answers are waited for 2 s instead of 5: nothing else depends on how long it stands still."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("mqtt.connection", "opcua.connection", "opcua.client"):
            patch.setattr(f"ingest.inputs.{module}.ANSWER_WITHIN_S", 2.0)
        return asyncio.run(outage(peer, signal.SIGSTOP))


@pytest.fixture(scope="module")
def nobody(peer: Peer) -> Unreachable:
    return asyncio.run(unreachable(peer))


def test_a_value_arrives_with_type_time_and_good_quality(talk: Calm) -> None:
    numbers, levels = talk.heard.samples(NUMBER), talk.heard.samples(LEVEL)
    good = [one for one in numbers + levels if one.quality == GOOD]
    assert {type(one.value) for one in numbers} == {int}
    assert {type(one.value) for one in levels} == {float}
    assert levels[-1].value == numbers[-1].value + 0.5  # type: ignore[operator]
    assert len(good) == len(numbers + levels)
    news = [one for one in good if one.value not in {numbers[0].value, levels[0].value}]
    assert all(talk.began - A_MOMENT <= one.source_time <= talk.ended for one in news)


def test_a_tag_that_does_not_exist_is_told_once_and_the_others_go_on(
    talk: Calm, peer: Peer
) -> None:
    (told,) = talk.heard.kinds(Unreadable)
    assert ABSENT in told.origin + told.reason
    assert ONE in told.reason
    assert peer.place in told.origin
    assert len(talk.heard.numbers(ONE)) >= 3
    assert not [one for one in talk.heard.samples(ABSENT) if one.quality == GOOD]


def test_a_value_that_passes_a_limit_of_a_rule_waits_for_no_chunk(peer: Peer) -> None:
    assert asyncio.run(beyond(peer))


@pytest.mark.kill
def test_values_flow_again_soon_after_the_peer_was_killed(killed: Outage) -> None:
    assert killed.took_s < BACK_WITHIN_S


@pytest.mark.kill
def test_values_flow_again_soon_after_the_peer_stood_still(halted: Outage) -> None:
    assert halted.took_s < BACK_WITHIN_S


@pytest.mark.kill
def test_a_peer_that_was_killed_is_one_gap_of_each_equipment(killed: Outage, peer: Peer) -> None:
    assert_is_told(killed, bridged=signal.SIGKILL in peer.bridges)


@pytest.mark.kill
def test_a_peer_that_stood_still_is_one_gap_of_each_equipment(halted: Outage, peer: Peer) -> None:
    assert_is_told(halted, bridged=signal.SIGSTOP in peer.bridges)


def assert_is_told(outage: Outage, *, bridged: bool) -> None:
    """One gap that covers the outage, or none where the peer keeps what is said meanwhile."""
    for path in (ONE, TWO):
        alive = [one.at for one in outage.heard.kinds(Alive) if one.equipment == path]
        assert len(outage.gaps(path)) == (0 if bridged else 1)
        for start, end in outage.gaps(path):
            assert start <= outage.began + A_MOMENT
            assert end >= outage.back
            assert not [at for at in alive if start < at < end]
    assert all(one.reason for one in outage.heard.kinds(Missed))


def test_a_wrong_address_is_told_once_and_heals_when_the_peer_appears(
    nobody: Unreachable, peer: Peer
) -> None:
    (complaint,) = nobody.complaints
    assert peer.place in str(complaint)
    assert complaint["reason"]
    assert not [one for one in nobody.before if isinstance(one, Alive | Missed)]
    assert nobody.took_s < BACK_WITHIN_S
    assert not nobody.heard.kinds(Missed), "nothing was ever seen, so nothing was missed"


def test_a_closed_input_leaves_no_task_thread_or_socket(peer: Peer, nobody: Unreachable) -> None:
    assert not asyncio.run(left_after_values(peer)), "closed while it reads"
    assert not nobody.left, "closed while nobody is there"


def test_the_meters_say_what_happened(talk: Calm, killed: Outage) -> None:
    assert talk.heard.metric("connects_total") == 1
    assert talk.heard.metric("notifications_total") >= len(talk.heard.numbers(TWO))
    assert killed.connected == [1, 0, 1]
    assert killed.connects == [1, 1, 2]
