"""The views of one machine against tables computed by hand."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from plantstream.runtime.settings import DatabaseSettings
from schemas.kpi import OeeCell, Quantities
from schemas.record import EventId
from schemas.topics import KPI
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, cell

pytestmark = pytest.mark.integration

VIEWS = ("oee_by_minute", "oee_by_hour", "oee_by_shift", "oee_by_batch", "oee_by_day")
LATE = EventId(source="edge", epoch="e", seq=7)


async def windows(
    settings: DatabaseSettings, view: str, cells: Sequence[OeeCell]
) -> list[dict[str, Any]]:
    sink = TimescaleSink(settings)
    await sink.write(batch(KPI, cells))
    await sink.close()
    with connect_blocking(settings) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(f"SELECT * FROM {view} ORDER BY window_start".encode()).fetchall()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param(
            [
                cell(running_ms=70_410_000, unplanned_stop_ms=209_990_000).model_copy(
                    update={
                        "quantities": Quantities(
                            good=2_344_000,
                            scrap=29_508,
                            ideal_us=2_373_508 * 30_000,
                            ideal_good_us=2_344_000 * 30_000,
                        )
                    }
                )
            ],
            {
                "planned_s": 280_400.0,
                "running_s": 70_410.0,
                "unplanned_stop_s": 209_990.0,
                "availability": 0.251106,
                "effectiveness": 1.011294,
                "quality_ratio": 0.987568,
                "oee": 0.250785,
                "good": 2_344_000,
            },
            id="a tablet press that stood most of the time and ran faster than ideal",
        ),
        pytest.param(
            [cell(running_ms=40_000, minor_stop_ms=10_000, setup_ms=5_000, delay_ms=5_000)],
            {"planned_s": 60.0, "running_s": 40.0, "minor_stop_s": 10.0, "availability": 50 / 60},
            id="minor stops are part of APT and no part of running",
        ),
        pytest.param(
            [cell(running_ms=30_000, unknown_ms=30_000)],
            {"planned_s": 60.0, "availability": 0.5, "coverage": 0.5, "unknown_s": 30.0},
            id="unknown time is a loss",
        ),
        pytest.param(
            [cell(running_ms=30_000, unknown_ms=30_000, excluded_unknown_ms=30_000)],
            {"planned_s": 30.0, "availability": 1.0, "coverage": 0.5, "excluded_unknown_s": 30.0},
            id="unknown time that the plant file excludes is no loss, and still no signal",
        ),
        pytest.param(
            [cell(planned_stop_ms=20_000, not_scheduled_ms=40_000, unplanned_good=5)],
            {
                "planned_s": 0.0,
                "availability": None,
                "effectiveness": None,
                "oee": None,
                "quality_ratio": None,
                "coverage": None,
                "unplanned_good": 5,
                "good": 0,
            },
            id="nothing planned, no ratio",
        ),
        pytest.param(
            [cell(running_ms=60_000, good=5, no_ideal_parts=5)],
            {"availability": 1.0, "quality_ratio": 1.0, "effectiveness": None, "oee": None},
            id="parts without an ideal cycle make E and OEE unknown",
        ),
        pytest.param(
            [cell(running_ms=60_000, good=5, ideal_us=1, ideal_good_us=1, no_ideal_ms=1)],
            {"effectiveness": None, "oee": None, "no_ideal_s": 0.001},
            id="one millisecond without an ideal cycle is enough",
        ),
        pytest.param(
            [cell(running_ms=60_000, good=6, scrap=3, rework=1)],
            {"quality_ratio": 0.6, "good": 6, "scrap": 3, "rework": 1},
            id="rework is not good",
        ),
        pytest.param(
            [
                cell(running_ms=60_000, good=3, ideal_us=30_000_000, ideal_good_us=30_000_000),
                cell(1, unplanned_stop_ms=60_000),
            ],
            {"availability": 0.5, "effectiveness": 0.5, "oee": 0.25, "planned_s": 120.0},
            id="sums are divided, ratios are not averaged",
        ),
        pytest.param(
            [cell(running_ms=60_000, good=9), cell(good=1, late=LATE), cell(scrap=1, late=LATE)],
            {"good": 9, "scrap": 1, "revision": 1, "quality_ratio": 0.9},
            id="a late fact adds, restates and is counted; sent again it replaces itself",
        ),
    ],
)
@pytest.mark.parametrize("view", ["oee_by_hour", "oee_by_day"])
async def test_a_window(
    settings: DatabaseSettings, view: str, cells: list[OeeCell], expected: dict[str, Any]
):
    (found,) = await windows(settings, view, cells)

    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param("oee_by_minute", [(0, 1), (59, 60), (60, 61), (100, 101)], id="minutes"),
        pytest.param("oee_by_hour", [(0, 60), (60, 120)], id="hours"),
        pytest.param("oee_by_shift", [(0, 60), (60, 101)], id="shifts"),
        pytest.param("oee_by_batch", [(0, 61)], id="one batch across two shifts"),
        pytest.param("oee_by_day", [(0, 60), (60, 101)], id="days of production"),
    ],
)
async def test_where_windows_begin_and_end(
    settings: DatabaseSettings, view: str, expected: list[tuple[int, int]]
):
    night: dict[str, Any] = {"shift": "2026-03-01/night", "day": date(2026, 3, 1)}
    early: dict[str, Any] = {"shift": "2026-03-02/early", "day": date(2026, 3, 2)}
    cells = [
        cell(0, batch="7", **night),
        cell(59, batch="7", **night),
        cell(60, batch="7", **early),
        cell(100, **early),
    ]

    found = await windows(settings, view, cells)

    minutes = [(_minute(one["window_start"]), _minute(one["window_end"])) for one in found]
    assert minutes == expected


def _minute(moment: datetime) -> float:
    return (moment - NOW) / timedelta(minutes=1)


async def test_names_stand_only_where_the_whole_window_has_one(settings: DatabaseSettings):
    cells = [
        cell(0, batch="7", product="p", shift="2026-03-02/early"),
        cell(1, product="p", shift="2026-03-02/early"),
    ]

    (found,) = await windows(settings, "oee_by_shift", cells)

    assert (found["shift"], found["product"], found["batch"]) == ("2026-03-02/early", "p", None)
    assert found["day"] == date(2026, 3, 2)


async def test_runs_are_kept_apart(settings: DatabaseSettings):
    found = await windows(settings, "oee_by_day", [cell(good=1), cell(good=2, run="r")])

    assert {one["run"]: one["good"] for one in found} == {"": 1, "r": 2}


def test_every_view_and_column_is_explained(sql: psycopg.Connection):
    unexplained = sql.execute(
        "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace AND attnum > 0"
        " AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid) IS NULL)"
    ).fetchall()

    assert unexplained == []


def test_all_views_of_oee_have_the_same_columns(sql: psycopg.Connection):
    columns = {
        view: sql.execute(f"SELECT * FROM {view} LIMIT 0".encode()).description for view in VIEWS
    }
    names = {view: [one.name for one in found or ()] for view, found in columns.items()}

    assert all(of_view == names["oee_by_batch"] for of_view in names.values())
    assert names["oee_by_batch"][2:4] == ["window_start", "window_end"]
