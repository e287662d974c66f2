"""A recording through a real OPC UA server is the recording."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from asyncua.server.internal_server import InternalServer

from ingest.input import BAD, Chunk, Sample, Unreadable
from ingest.inputs.recording import Pace, RecordingInput, load_recording
from ingest.metrics import SourceMeters
from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.simulator.playback import PlaybackServer
from plantstream.simulator.through_opcua import ThroughOpcUa
from schemas.plant.load import load_plant
from tests.ingest.kit import PLANT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

MAP = """
equipment: reactor
delimiter: ";"
time: {column: when}
batch_ends: last_row
counters_start_at: zero
columns: {lot: batch, made: good, degrees: temperature, words: note}
"""
ROWS = """\
when;lot;made;degrees;words
2026-03-02T12:00:00;L1;5;20.5;begin
2026-03-02T12:00:00;L1;5;20.5;begin
2026-03-02T12:00:01.000001;L1;6;;7
not a row
2026-03-02T12:00:02;;6;21;
2026-03-02T12:00:02;L2;7;22;Käse
2026-03-02T12:00:03;L2;7;22;Käse
"""


@pytest.fixture(autouse=True)
def _quick_address_space(monkeypatch):
    """The nodes of the standard are not what these tests are about: build them once."""
    build = InternalServer.load_standard_address_space
    nodes: dict[Any, Any] = {}

    async def load(self, shelf_file=None):
        if not nodes:
            await build(self, shelf_file)
            nodes.update(self.aspace._nodes)
        self.aspace._nodes = dict(nodes)

    monkeypatch.setattr(InternalServer, "load_standard_address_space", load)


@pytest.fixture
def write(tmp_path):
    plant = load_plant(PLANT, "plant.yaml")

    def written(rows=ROWS):
        (tmp_path / "map.yaml").write_text(MAP)
        (tmp_path / "rows.csv").write_text(rows)
        return plant, load_recording(tmp_path / "rows.csv", tmp_path / "map.yaml", plant)

    return written


def through(written, player=None):
    plant, recording = written
    chosen = player or RecordingInput(recording)
    return ThroughOpcUa(chosen, recording, plant, SourceMeters.unseen())


async def played(player, position=None) -> list[Chunk]:
    async with aclosing(player.chunks(position)) as chunks:
        return [chunk async for chunk in chunks]


async def test_it_says_the_same_at_the_same_positions(write):
    written = write()
    straight = await played(RecordingInput(written[1]))
    assert await played(through(written)) == straight
    said = [one for chunk in straight for one in chunk.observations]
    assert sum(isinstance(one, Unreadable) for one in said) == 1
    assert any(one.quality == BAD for one in said if isinstance(one, Sample))


async def test_it_goes_on_at_a_position(write):
    written = write()
    row_by_row = RecordingInput(written[1], rows_per_chunk=1)
    chunks = await played(row_by_row)
    assert await played(through(written, row_by_row), chunks[2].position) == chunks[3:]


async def test_a_paced_recording_keeps_its_pace(write):
    written = write()
    paced = RecordingInput(written[1], Pace(2.0))
    began = asyncio.get_running_loop().time()
    chunks = await played(through(written, paced))
    assert asyncio.get_running_loop().time() - began > 1.5
    assert chunks == await played(RecordingInput(written[1], rows_per_chunk=1))


async def test_more_rows_than_the_server_queues_all_come(write):
    rows = [f"2026-03-02T{h:02}:{m:02}:00;L;{h * 60 + m};1;x" for h in range(24) for m in range(60)]
    written = write("\n".join([ROWS.partition("\n")[0], *rows, *(rows[-1:] * 4_000)]))
    assert await played(through(written)) == await played(RecordingInput(written[1]))


async def test_an_empty_recording_ends(write):
    assert await played(through(write("when;lot;made;degrees;words\n"))) == []


async def test_a_value_that_gets_lost_ends_it(write, monkeypatch):
    show = PlaybackServer.show

    async def lossy(self, shown):
        if (shown.node, shown.value) != ("good", 6):
            await show(self, shown)

    monkeypatch.setattr(PlaybackServer, "show", lossy)
    with pytest.raises(UnavailableError, match=r"good of .* got lost"):
        await played(through(write()))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(f"2026-03-02T12:00:00;L;{2**63};1;x", "good is 9223372036854775808", id="64"),
        pytest.param("1999-12-31T23:59:59;L;1;1;x", "before 2000", id="another century"),
    ],
)
async def test_what_opcua_cannot_carry_is_refused(write, row, reason):
    with pytest.raises(MisconfiguredError, match=reason):
        await played(through(write(f"when;lot;made;degrees;words\n{row}\n")))
