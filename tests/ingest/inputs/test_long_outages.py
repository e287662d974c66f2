"""A whole agent whose peer is away for 20 s: how soon its values are stored and sent on again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ingest.agent import run_agent
from ingest.inputs.registry import build_inputs
from ingest.options import World
from ingest.spool import DiskSpool
from plantstream.runtime import clock
from plantstream.runtime.ports import Outgoing
from schemas.codec import decode
from schemas.machine import Gap
from schemas.plant.load import PlantFile
from schemas.topics import MACHINE, TELEMETRY
from tests.ingest.inputs.peers import NUMBER, ONE, TWO, Peer, plant_with
from tests.ingest.inputs.stories import away, flowing
from tests.ingest.inputs.test_contract import BACK_WITHIN_S, PEERS, made
from tests.ingest.kit import MemoryBroker

AWAY_S = 20.0

pytestmark = [pytest.mark.slow, pytest.mark.kill, pytest.mark.long]


@dataclass
class Arrivals:
    """What the broker took from the agent, and therefore was in its spool."""

    numbers: dict[str, set[object]] = field(default_factory=lambda: {ONE: set(), TWO: set()})
    """By equipment."""
    gaps: list[Gap] = field(default_factory=list)

    def note(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            if record.topic == TELEMETRY.name:
                self._note_frame(decode(TELEMETRY, record.value))
            elif record.topic == MACHINE.name:
                event = decode(MACHINE, record.value)
                self.gaps += [event] if isinstance(event, Gap) else []

    def _note_frame(self, frame: Any) -> None:
        for column in frame.columns:
            if column.tag == NUMBER:
                self.numbers[frame.equipment].update(column.values())


@dataclass(frozen=True)
class Return:
    """How an outage of 20 s ended."""

    back_s: float
    """From the peer's return to a value of each equipment that it has had since."""
    unseen_s: Mapping[str, float]
    """By equipment, how long it was not seen by what the agent told."""


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Peer]]:
    """All peers that this machine can run, by name."""
    with made(PEERS, tmp_path_factory) as found:
        for one in found.values():
            one.start()
        yield found


@pytest.fixture(
    scope="module", params=[signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stood-still"]
)
def how(request: pytest.FixtureRequest) -> signal.Signals:
    return signal.Signals(request.param)


@pytest.fixture(scope="module")
def returns(
    peers: Mapping[str, Peer], how: signal.Signals, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Return]:
    """What became of an agent of each peer; all are struck at once."""
    home = tmp_path_factory.mktemp(how.name)

    async def all_of_them() -> list[Return]:
        each = [outlived(peer, how, home / f"{name}.sqlite") for name, peer in peers.items()]
        return await asyncio.gather(*each)

    return dict(zip(peers, asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize("name", PEERS)
def test_values_flow_again_within_5_s_of_a_return_after_20_s(
    name: str, how: signal.Signals, returns: Mapping[str, Return], say: Callable[[str], None]
) -> None:
    if name not in returns:
        pytest.skip(f"{name} cannot run here")
    back_s = returns[name].back_s
    say(f"{name} after {AWAY_S:g} s away ({how.name}): values again within {back_s:.2f} s")
    assert back_s <= BACK_WITHIN_S


@pytest.mark.parametrize("name", PEERS)
def test_what_was_not_seen_for_20_s_is_told(
    name: str, how: signal.Signals, returns: Mapping[str, Return], peers: Mapping[str, Peer]
) -> None:
    if name not in returns:
        pytest.skip(f"{name} cannot run here")
    if how in peers[name].bridges:
        assert not any(returns[name].unseen_s.values())
        return
    assert all(unseen_s >= AWAY_S - 1 for unseen_s in returns[name].unseen_s.values())


async def outlived(peer: Peer, how: signal.Signals, spool_file: Path) -> Return:
    """Run an agent on this peer, with the source's defaults, through an outage."""
    plant = plant_with(peer.source, peer.tags)
    async with arriving(plant, spool_file) as arrivals:
        await flowing(peer, arrivals.numbers.__getitem__)
        async with away(peer, how):
            await asyncio.sleep(AWAY_S)
        back_s = await flowing(peer, arrivals.numbers.__getitem__)
        await flowing(peer, arrivals.numbers.__getitem__)
    return Return(back_s, {path: _unseen_s(arrivals.gaps, path) for path in (ONE, TWO)})


@asynccontextmanager
async def arriving(plant: PlantFile, spool_file: Path) -> AsyncIterator[Arrivals]:
    """An agent with a spool on disk runs as long as the block."""
    arrivals = Arrivals()
    spool = DiskSpool.open(spool_file, f"{plant.plant.site_path()}/edge", clock.now)
    world = World()
    inputs = build_inputs(plant, world.sources)
    broker = MemoryBroker(arrivals.note)
    agent = asyncio.create_task(run_agent((plant, inputs), spool, broker, world=world))
    try:
        yield arrivals
    finally:
        agent.cancel()
        await asyncio.wait({agent})
        await spool.close()
    assert agent.cancelled()


def _unseen_s(gaps: Sequence[Gap], path: str) -> float:
    told = [one.source_time - one.start for one in gaps if one.equipment == path]
    return sum(one.total_seconds() for one in told)
