"""The database and the calendar mean the same instants by local times."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
import pytest_asyncio

from plantstream.runtime.settings import DatabaseSettings
from processors.calendar import PlanCalendar
from schemas.plant.local_time import day_bounds, instant
from schemas.plant.timetable import Timetable
from sinks.timescale.connection import connect_blocking
from tests.calendars import CHANGES, DAYS, calendar
from tests.parts import running_timescale

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

ONE_DAY = timedelta(days=1)
IN_DATABASE = "select %s::timestamp at time zone %s"
SHOWN_IN_DATABASE = "select %s::timestamptz at time zone %s"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatabaseSettings]:
    async with running_timescale(tmp_path_factory.mktemp("timescale")) as running:
        yield running.settings


@pytest.fixture
def sql(database: DatabaseSettings):
    with connect_blocking(database) as connection:
        yield connection


def one(sql: psycopg.Connection, statement: str, *values: object) -> datetime:
    row = sql.execute(statement, values).fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS, ids=str)
async def test_a_day_begins_and_ends_at_the_same_instants(sql, zone, day, hours) -> None:
    start, end = (
        one(sql, IN_DATABASE, datetime.combine(at, time()), zone) for at in (day, day + ONE_DAY)
    )
    assert (start, end) == day_bounds(day, ZoneInfo(zone))
    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS, ids=str)
async def test_shifts_begin_and_end_at_the_same_instants(sql, zone, day, hours) -> None:
    plan = PlanCalendar(calendar(), zone)
    seen = timedelta()
    for at in (day - ONE_DAY, day, day + ONE_DAY):
        for shift in Timetable(calendar(), zone).day(at).shifts:
            start, end = plan.bounds(shift.name)
            name = shift.name.partition("/")[2]
            (said,) = [one for one in calendar().shifts if one.name == name]
            local = [datetime.combine(at, time()) + timedelta(minutes=m) for m in said.span]
            assert one(sql, IN_DATABASE, local[0], zone) == start
            assert one(sql, IN_DATABASE, local[1], zone) == end
            seen += end - start
    assert seen == timedelta(hours=48 + hours)


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS, ids=str)
async def test_every_quarter_of_an_hour_is_shown_on_the_same_date(sql, zone, day, hours) -> None:
    plan = PlanCalendar(
        calendar([{"name": "x", "days": [], "start": "00:00", "end": "24:00"}]), zone
    )
    start, _ = day_bounds(day, ZoneInfo(zone))
    for quarter in range(-8, hours * 4 + 8):
        at = start + quarter * timedelta(minutes=15)
        assert one(sql, SHOWN_IN_DATABASE, at, zone).date() == plan.at(at).day


@pytest.mark.parametrize("zone", CHANGES)
async def test_only_times_that_clocks_leave_out_or_show_twice_are_read_otherwise(sql, zone) -> None:
    """The database moves what is left out by an hour, and takes the second of two."""
    differing = {}
    for day in CHANGES[zone]:
        locals_ = [datetime.combine(day, time()) + n * timedelta(minutes=30) for n in range(48)]
        differing[day] = {
            f"{local:%H:%M}": one(sql, IN_DATABASE, local, zone) - instant(local, ZoneInfo(zone))
            for local in locals_
            if one(sql, IN_DATABASE, local, zone) != instant(local, ZoneInfo(zone))
        }
    forward, back = (differing[day] for day in CHANGES[zone])
    assert list(forward.values()) == [timedelta(minutes=30)]
    assert list(back.values()) == [timedelta(hours=1)] * 2
