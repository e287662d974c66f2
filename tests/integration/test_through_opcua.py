"""The tablet press's recording out of a real OPC UA server, in by a real subscription."""

import pytest
import pytest_asyncio

from tests.integration.line import Line
from tests.integration.press import ALWAYS, RECORDING, needs_recording, read_rows
from tests.integration.truth import (
    Before,
    assert_log_is_stored,
    assert_oee_is,
    assert_reports_are_final,
    assert_rows_are,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
    needs_recording,
]

CONTENT = """
    SELECT (SELECT count(*) FROM telemetry WHERE run = %(run)s),
           (SELECT count(*) FROM oee_report WHERE run = %(run)s),
           (SELECT count(*) FROM dead_letter),
           (SELECT sum(hashtextextended(epoch || seq || time || type, 0)) FROM machine_event
            WHERE run = %(run)s)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def before(line: Line) -> Before:
    return await Before.of(line)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replayed(line: Line, before: Before) -> tuple[str, int]:
    """The recording, replayed once: the name of the run, and samples per second."""
    assert before.ends
    run, rate = await line.replay_through_opcua(RECORDING)
    print(f"through OPC UA: {rate} samples/s")  # noqa: T201 - a figure of the run
    return run, rate


@pytest.fixture
def run(replayed: tuple[str, int]) -> str:
    return replayed[0]


async def test_it_gives_the_oracle(line: Line, run: str, before: Before) -> None:
    await assert_oee_is(line, run, ALWAYS)
    await assert_rows_are(line, run, read_rows(RECORDING))
    await assert_log_is_stored(line, run, before)
    await assert_reports_are_final(line, run, before, ALWAYS)


async def test_it_says_what_it_says_without_a_server_in_between(line: Line, run: str) -> None:
    straight = await line.replay(RECORDING)

    assert straight != run
    assert await line.one(CONTENT, run=straight) == await line.one(CONTENT, run=run)
    assert await line.oee(straight) == await line.oee(run)


@pytest.mark.long
async def test_a_second_time_changes_nothing(line: Line, run: str) -> None:
    stored = await line.one(CONTENT, run=run)

    assert (await line.replay_through_opcua(RECORDING))[0] == run

    assert await line.one(CONTENT, run=run) == stored
    await assert_oee_is(line, run, ALWAYS)
