"""All who are compared run once on a small backlog, and tell the same."""

from pathlib import Path

import pytest

from plantstream.runtime.errors import UnavailableError
from tests.bench.peers.backlog import Backlog
from tests.bench.peers.runs import hall
from tests.bench.peers.venv import python_of_peers

SAMPLES = 88_000
QUIX_FRAMES = 800


@pytest.fixture(scope="module")
def peers() -> Path:
    try:
        return python_of_peers()
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_ours_and_theirs_tell_the_rows_that_are_true(tmp_path: Path, peers: Path) -> None:
    backlog = Backlog.of(100, SAMPLES)
    async with hall(tmp_path, backlog) as place:
        took = [await place.bare(), await place.ours(), await place.peer(peers, "bytewax_flow")]
        part = await place.peer(peers, "quix", QUIX_FRAMES)
    assert [one.frames for one in took] == [backlog.frames] * 3
    assert part.frames == QUIX_FRAMES
    assert all(one.cpu_s > 0 for one in (*took, part))
