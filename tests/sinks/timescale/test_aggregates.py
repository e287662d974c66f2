"""Aggregates say what they are made of, with TimescaleDB and without, and follow restatements."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from plantstream.runtime import clock
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import KPI, TELEMETRY
from sinks.timescale.connection import connect_blocking
from sinks.timescale.jobs import JobRunner
from sinks.timescale.migrate import migrate
from sinks.timescale.rows import rows_of
from sinks.timescale.telemetry import telemetry
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, cell, envelope, frame
from tests.sinks.timescale.conftest import Database, ask
from tests.sinks.timescale.test_ageing import afresh

pytestmark = pytest.mark.integration

CELLS = """
    INSERT INTO oee_cell
    SELECT run, 'a/b/c/d/e' || n, t,
        CASE WHEN mod(n, 2) = 0 THEN 'B' || extract(day FROM t) ELSE '' END,
        'P', '2026-03-0' || extract(day FROM t - interval '5 hours 30 minutes') || '/night', '',
        (t - interval '5 hours 30 minutes')::date, t, t + interval '1 minute', 'v',
        0, 1000, 2000, 3000, 0, 500, 50000 * n, 100, 0, 0, 0, 5, 1, 0, 0, 0, 0, 60000000, 50000000,
        0
    FROM generate_series(timestamptz '2026-03-01Z', '2026-03-04Z', interval '7 minutes') AS t,
         generate_series(1, 2) AS n, unnest(ARRAY['', 'r']) AS run
"""


@pytest.fixture(autouse=True)
def _fresh(database: Database) -> Iterator[None]:
    yield
    if not database.plain:
        afresh(database)


def refresh(database: Database, sql: psycopg.Connection) -> None:
    if not database.plain:
        sql.execute("CALL refresh_aggregates()")


def columns(sql: psycopg.Connection, view: str) -> list[tuple[Any, ...]]:
    return ask(
        sql,
        "SELECT attname, atttypid::regtype::text, col_description(attrelid, attnum)"
        f" FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0 ORDER BY attnum",
    )


@pytest.mark.parametrize(
    ("long", "short"), [("oee_hourly", "oee_by_hour"), ("oee_daily", "oee_by_day")]
)
def test_oee_of_long_ranges_is_that_of_cells(
    database: Database, sql: psycopg.Connection, long: str, short: str
):
    """Production days begin at half past five, nights are whole, and runs stay apart."""
    assert columns(sql, long) == columns(sql, short)
    sql.execute(CELLS.encode())
    rows = "SELECT * FROM {} ORDER BY run, equipment, window_start"

    for _ in ("from cells", "from sums", "from sums that are computed again"):
        assert ask(sql, rows.format(long)) == ask(sql, rows.format(short))
        refresh(database, sql)


async def test_oee_follows_cells_that_are_restated_and_facts_that_come_late(
    database: Database, sql: psycopg.Connection, sink: TimescaleSink
):
    day = "SELECT good, running_s, revision FROM oee_daily"
    await sink.write(batch(KPI, [cell(n, running_ms=60_000, good=1) for n in range(3)]))
    refresh(database, sql)
    assert ask(sql, day) == [(3, 180.0, 0)]

    restated = cell(1, running_ms=30_000, good=7)
    late = cell(2, scrap=1, late=EventId(source="s", epoch="e", seq=1))
    await sink.write(batch(KPI, [restated, late], begin=3))
    refresh(database, sql)

    assert ask(sql, day) == ask(sql, day.replace("oee_daily", "oee_by_day")) == [(9, 150.0, 1)]
    assert ask(sql, day.replace("oee_daily", "oee_hourly")) == [(9, 150.0, 1)]
    assert ask(sql, "SELECT count(*) FROM refresh_queue") == [(0,)]


async def test_what_is_stored_late_is_noted_and_what_is_new_is_not(
    database: Database, sql: psycopg.Connection, sink: TimescaleSink
):
    of_run = frame(0, (1.0,), run="r")
    new = frame(1, (3.0,), at=clock.now())
    await sink.write(batch(TELEMETRY, [frame(0, (1.0, 2.0)), new, of_run]))
    await sink.write(batch(KPI, [cell(20, run="r", running_ms=60_000)]))

    noted = ask(sql, "SELECT source, bucket FROM refresh_queue ORDER BY source")

    late = [("oee_cell", NOW + timedelta(minutes=15)), ("sample", NOW)]
    assert noted == ([] if database.plain else late)


def test_a_frame_notes_the_quarters_of_its_samples_and_none_between():
    offsets = [-86_400_000, -86_399_000, 0, 1000]
    column = Column(tag="speed", unit="1/h", offset_ms=offsets, numbers=[1.0] * 4)
    one = TelemetryFrame(**envelope(), columns=[column])

    noted = rows_of(batch(TELEMETRY, [one]).events).sample_slots

    assert [NOW.timestamp() - slot * 900 for slot in sorted(noted)] == [86_400.0, 0.0]


def test_telemetry_of_each_width_adds_up_good_samples(database: Database, sql: psycopg.Connection):
    sql.execute(
        "INSERT INTO sample VALUES"
        " ('e', 't', 'K', '2026-03-01 10:00:10Z', 4, 0, NULL),"
        " ('e', 't', 'K', '2026-03-01 10:00:50Z', 2, 0, NULL),"
        " ('e', 't', 'K', '2026-03-01 10:00:55Z', 99, 2147483648, NULL),"
        " ('e', 't', 'K', '2026-03-01 10:03:00Z', NULL, 2147483648, NULL),"
        " ('e', 't', 'K', '2026-03-01 10:14:00Z', 6, 0, NULL),"
        " ('e', 'mode', '', '2026-03-01 10:14:00Z', NULL, 0, 'auto')"
    )
    figures = (
        "SELECT to_char(bucket, 'HH24:MI'), samples, total, average, minimum, maximum,"
        " first_value, last_value, bad_samples FROM telemetry_{} ORDER BY bucket"
    )
    for _ in ("from samples", "from sums"):
        assert ask(sql, figures.format("1m")) == [
            ("10:00", 2, 6, 3, 2, 4, 4, 2, 1),
            ("10:03", 0, None, None, None, None, None, None, 1),
            ("10:14", 1, 6, 6, 6, 6, 6, 6, 0),
        ]
        assert ask(sql, figures.format("5m")) == [
            ("10:00", 2, 6, 3, 2, 4, 4, 2, 2),
            ("10:10", 1, 6, 6, 6, 6, 6, 6, 0),
        ]
        whole = [("10:00", 3, 12, 4, 2, 6, 4, 6, 2)]
        assert ask(sql, figures.format("15m")) == ask(sql, figures.format("1h")) == whole
        refresh(database, sql)


def test_days_are_those_of_a_time_zone_of_half_hours(database: Database, sql: psycopg.Connection):
    sql.execute(
        "INSERT INTO sample SELECT 'e', 't', 'K', t, 1, 0, NULL"
        " FROM generate_series(timestamptz '2026-03-01Z', '2026-03-02 23:59Z', '1 min') AS t"
    )
    sql.execute("CALL telemetry_days_in('Asia/Kolkata')")
    sql.execute("CALL telemetry_days_in('Asia/Kolkata')")
    days = (
        "SELECT (bucket AT TIME ZONE 'Asia/Kolkata')::text, samples"
        " FROM telemetry_1d_asia_kolkata ORDER BY 1"
    )

    for _ in ("from quarters of an hour", "from sums"):
        assert ask(sql, days) == [
            ("2026-03-01 00:00:00", 1110),
            ("2026-03-02 00:00:00", 1440),
            ("2026-03-03 00:00:00", 330),
        ]
        refresh(database, sql)
    with pytest.raises(psycopg.errors.RaiseException, match="there is no time zone Mars/Olympus"):
        sql.execute("CALL telemetry_days_in('Mars/Olympus')")


def test_a_refresh_makes_days_for_the_plant_files_time_zones(timescale: Database):
    afresh(timescale)
    with connect_blocking(timescale.settings) as sql:
        sql.execute(
            "INSERT INTO plant_file (site, plant_version, number, published_at, file, text,"
            " equipment, time_zone) VALUES ('a/b', 'v', 1, now(), 'f', '', '[]', 'America/Lima'),"
            " ('a/c', 'v', 1, now(), 'f', '', '[]', 'Nowhere/Known')"
        )
        sql.execute("CALL refresh_aggregates()")
        assert ask(sql, "SELECT * FROM telemetry_1d_america_lima") == []
        sql.execute("TRUNCATE plant_file")


async def test_jobs_run_at_their_intervals_where_nobody_else_runs_them(timescale: Database):
    afresh(timescale)

    async def sleep(_: float) -> None:
        raise AssertionError

    runner = JobRunner(timescale.settings, sleep)
    ran = [await runner.turn(150.0) for _ in range(6)]

    often, seldom = "refresh_aggregates", ("policy_compression", "drop_telemetry")
    assert [often in names for names in ran] == [False, True] * 3
    assert [set(seldom) <= set(names) for names in ran] == [False, False, False, True, False, False]


async def test_the_plain_database_has_no_jobs_and_no_sizes(native: Database):
    migrate(native.settings, plain=True)

    kept = await telemetry(native.settings)

    assert [one.level for one in kept] == ["raw", "1m", "5m", "15m", "1h", "1d"]
    assert {one.bytes for one in kept} == {None}
