"""The short form of the chaos runs: some faults, once each, against real processes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from plantstream.runtime.clock import monotonic
from tests.chaos.factory import running_factory
from tests.chaos.rows import ROWS
from tests.chaos.run import LATE, run_row
from tests.chaos.truth import Truth
from tests.ingest.inputs.mqtt.conftest import MOSQUITTO

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kill,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

SHORT = [name for name, row in ROWS.items() if row.is_short]
"""All of the usual setting."""
WARM_TURNS = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def truth(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Truth]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    async with running_factory(Path(tmp_path_factory.mktemp("chaos"))) as factory:
        made = Truth(factory)
        await factory.presses.has_said(WARM_TURNS)
        await made.recovered(monotonic())
        yield made


@pytest.mark.parametrize("row", SHORT)
async def test_nothing_is_lost_repeated_missing_or_wrong(
    truth: Truth, row: str, say: Callable[[str], None]
):
    result = await run_row(truth.factory, truth, row, seed=0, is_last=row == SHORT[-1])
    say(f"{row}: lag 0 after {result.recovery_s} s, {result.seconds} s in all")
    assert (result.lost, result.repeated, result.missing_pages, result.wrong) == (0, 0, 0, 0)
    assert result.ok or LATE in result.why, result.why
