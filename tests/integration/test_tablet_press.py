"""The recording of a real tablet press through real Kafka and TimescaleDB gives its oracle."""

import asyncio

import pytest
import pytest_asyncio

from plantstream.runtime.beside import beside
from tests.integration.line import Line
from tests.integration.press import (
    ALWAYS,
    NO_WEEKEND,
    RECORDING,
    WITHOUT_WEEKEND,
    needs_recording,
    oracle,
    read_rows,
    weekdays,
)
from tests.integration.truth import (
    Before,
    assert_log_is_stored,
    assert_oee_is,
    assert_reports_are_final,
    assert_rows_are,
)
from tests.kill.stream import Stream

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
    needs_recording,
]

STORED = """
    SELECT (SELECT count(*) FROM telemetry WHERE run = %(run)s),
           (SELECT count(*) FROM machine_event WHERE run = %(run)s),
           (SELECT count(*) FROM oee_cell WHERE run = %(run)s),
           (SELECT count(*) FROM oee_report WHERE run = %(run)s),
           (SELECT count(*) FROM dead_letter)
"""
OUTSIDE_THE_PLAN = """
    SELECT unplanned_running_s, unplanned_good, unplanned_scrap
    FROM oee_by_batch WHERE run = %s AND batch = '368'
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def before(line: Line) -> Before:
    return await Before.of(line)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def run(line: Line, before: Before) -> str:
    """The recording, replayed once under the name that it gets by itself."""
    assert before.ends
    return await line.replay(RECORDING)


async def test_the_arithmetic_comes_to_the_oracle() -> None:
    rows = read_rows(RECORDING)
    assert oracle(rows) == ALWAYS
    assert oracle(rows, weekdays) == WITHOUT_WEEKEND


async def test_it_gives_the_oracle(line: Line, run: str, before: Before) -> None:
    await assert_oee_is(line, run, ALWAYS)
    await assert_rows_are(line, run, read_rows(RECORDING))
    await assert_log_is_stored(line, run, before)
    await assert_reports_are_final(line, run, before, ALWAYS)


async def test_a_second_time_changes_nothing(line: Line, run: str) -> None:
    stored = await line.one(STORED, run=run)

    assert await line.replay(RECORDING) == run

    assert await line.one(STORED, run=run) == stored
    await assert_oee_is(line, run, ALWAYS)


async def test_it_ends_while_others_go_on(line: Line, run: str, before: Before) -> None:
    stored = await line.one(STORED, run=run)

    async with beside(Stream(line, "beside", before).flow(asyncio.Event())):
        assert await line.replay(RECORDING) == run

    assert await line.one(STORED, run=run) == stored


async def test_another_calendar_is_another_run_beside_it(line: Line, run: str) -> None:
    other = await line.replay(RECORDING, plant=NO_WEEKEND)

    assert other != run
    await assert_oee_is(line, other, WITHOUT_WEEKEND)
    assert await line.one(OUTSIDE_THE_PLAN, other) == (7_097, 230_000, 8_472)
    await assert_oee_is(line, run, ALWAYS)
    assert await line.oee() == await line.oee(other)
