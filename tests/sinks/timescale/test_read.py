"""What the commands ask: which run, which windows, how far."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.settings import DatabaseSettings
from schemas.topics import KPI
from sinks.timescale.read import OeeQuestion, oee, positions, runs
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import CLUSTER, NUMBER, PRESS, batch, cell

pytestmark = pytest.mark.integration


@pytest.fixture
async def stored(settings: DatabaseSettings, sql: psycopg.Connection) -> DatabaseSettings:
    """Two hours of live data, and two replays."""
    sink = TimescaleSink(settings)
    names = ("old", "new", "")
    for number, run in enumerate(names):
        cells = [cell(minute, run=run, good=number + 1) for minute in (0, 60)]
        begin = 2 * number if number else None
        await sink.write(batch(KPI, cells, begin=begin))
        sql.execute(
            "UPDATE run_equipment SET first_stored = %s WHERE run = %s",
            (NOW + timedelta(hours=number), run),
        )
    await sink.close()
    return settings


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


async def test_live_comes_first_then_the_newest_run(stored: DatabaseSettings):
    assert [one.run for one in await runs(stored, "press")] == ["", "new", "old"]


async def test_live_is_shown_unless_a_run_is_named(stored: DatabaseSettings):
    live = await oee(stored, OeeQuestion("press", "day"))
    named = await oee(stored, OeeQuestion(PRESS, "day", run="old"))

    assert (live.place, live.run, live.rows[0]["good"]) == (PRESS, "", 6)
    assert (named.run, named.rows[0]["good"]) == ("old", 2)


async def test_without_live_data_the_newest_run_is_shown(
    stored: DatabaseSettings, sql: psycopg.Connection
):
    sql.execute("DELETE FROM run_equipment WHERE run = ''")

    assert (await oee(stored, OeeQuestion("press", "day"))).run == "new"


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        pytest.param(None, None, [0, 60], id="all"),
        pytest.param(at(60), None, [60], id="from the second hour on"),
        pytest.param(at(59), None, [0, 60], id="from within the first hour on"),
        pytest.param(None, at(60), [0], id="up to the second hour"),
        pytest.param(at(200), at(300), [], id="nothing was"),
    ],
)
async def test_windows_that_meet_the_span(
    stored: DatabaseSettings, start: datetime | None, end: datetime | None, hours: list[int]
):
    answer = await oee(stored, OeeQuestion("press", "hour", start, end))

    assert [row["window_start"] for row in answer.rows] == [at(minute) for minute in hours]
    assert all(row["window_start"].tzinfo is UTC for row in answer.rows)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(OeeQuestion("nobody", "day"), id="an unknown equipment"),
        pytest.param(OeeQuestion("press", "day", run="x"), id="an unknown run"),
    ],
)
async def test_what_is_not_stored_is_said(stored: DatabaseSettings, question: OeeQuestion):
    with pytest.raises(MisconfiguredError, match="nothing is stored"):
        await oee(stored, question)


async def test_how_far_it_is_stored(stored: DatabaseSettings):
    (found,) = await positions(stored)

    assert (found["topic"], found["partition"], found["next"]) == (KPI.name, NUMBER, 6)
    assert found["cluster_id"] == CLUSTER
