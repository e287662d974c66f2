"""The formulas in SQL give what those in Python give, and both what is known of textbook cases."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from psycopg.rows import dict_row

from plantstream.runtime.settings import DatabaseSettings
from processors.oee.losses import calendar_ms, further_ratios, in_units, losses
from processors.ratios import actual_production_ms, planned_busy_ms, ratios
from schemas.kpi import OeeCell, Quantities, StopCounts, TimeElements
from schemas.topics import KPI
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.sinks.records import batch, cell
from tests.sinks.timescale.conftest import Database, emptied

pytestmark = pytest.mark.integration

MINUTE = 60_000
SECOND_US = 1_000_000
LOSSES = {
    "breakdown": "breakdown_loss_s",
    "setup": "setup_loss_s",
    "minor_stops": "minor_stop_loss_s",
    "speed": "speed_loss_s",
    "defects": "defect_loss_s",
    "startup": "startup_loss_s",
    "unknown": "unknown_loss_s",
}
Facts = tuple[TimeElements, Quantities, StopCounts]

small = st.integers(0, 3)
facts = st.tuples(
    st.builds(
        TimeElements, **{name: small | st.integers(0, 10**9) for name in TimeElements.model_fields}
    ),
    st.builds(
        Quantities, **{name: small | st.integers(0, 10**15) for name in Quantities.model_fields}
    ),
    st.builds(StopCounts, **dict.fromkeys(StopCounts.model_fields, small)),
)


@pytest.fixture(params=["timescale", "native"])
def figures(request: pytest.FixtureRequest):
    database: Database = request.getfixturevalue(request.param)
    with connect_blocking(emptied(database).settings) as connection:
        yield connection


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(facts, min_size=1, max_size=20))
def test_sql_and_python_have_one_formula(figures: psycopg.Connection, sums: list[Facts]):
    arguments = _arguments_of_the_function(figures)
    rows = [{name: one for part in of for name, one in part.model_dump().items()} for of in sums]
    lists = [[row[name] for row in rows] for name in arguments]
    given_names = ", ".join(arguments)
    passed = ", ".join(f"given.{name}" for name in arguments)
    arrays = ", ".join(["%s::numeric[]"] * len(arguments))

    cursor = figures.cursor(row_factory=dict_row).execute(
        f"SELECT figures.* FROM unnest({arrays}) AS given ({given_names}),"
        f" LATERAL oee_figures({passed}) AS figures".encode(),
        lists,
    )

    for of, found in zip(sums, cursor.fetchall(), strict=True):
        expected = of_python(*of)
        assert not {name for name in expected if not _same(found[name], expected[name])}


def of_python(time: TimeElements, parts: Quantities, stops: StopCounts) -> dict[str, float | None]:
    """All figures whose formula stands in processors.oee, by their names in SQL."""
    lost = asdict(losses(time, parts))
    return {
        **asdict(ratios(time, parts)),
        **asdict(further_ratios(time, parts, stops)),
        **{LOSSES[name]: None if us is None else us / 1e6 for name, us in lost.items()},
        "planned_s": planned_busy_ms(time) / 1000,
        "apt_s": actual_production_ms(time) / 1000,
        "calendar_s": calendar_ms(time) / 1000,
    }


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-12)


def _arguments_of_the_function(connection: psycopg.Connection) -> list[str]:
    (names,) = connection.execute(
        "SELECT proargnames[1:pronargs] FROM pg_proc WHERE proname = 'oee_figures'"
    ).fetchone() or ([],)
    return list(names)


def made(good: int, bad: int, ideal_us: int, startup: int = 0) -> dict[str, Any]:
    return {
        "good": good,
        "scrap": bad,
        "startup_scrap": startup,
        "ideal_us": (good + bad) * ideal_us,
        "ideal_good_us": good * ideal_us,
        "ideal_startup_us": startup * ideal_us,
    }


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(
            cell(
                running_ms=373 * MINUTE,
                unplanned_stop_ms=47 * MINUTE,
                planned_stop_ms=60 * MINUTE,
                **made(18_848, 423, SECOND_US),
            ),
            {
                "availability": 373 / 420,
                "effectiveness": 19271 / 22380,
                "quality_ratio": 18848 / 19271,
                "oee": 18848 / 25200,
                "teep": 18848 / 28800,
            },
            id="a shift of 480 minutes with breaks and stops",
        ),
        pytest.param(
            cell(
                running_ms=600 * MINUTE,
                unplanned_stop_ms=120 * MINUTE,
                **made(90_000, 5_000, 360_000),
            ),
            {"availability": 10 / 12, "effectiveness": 0.95, "quality_ratio": 18 / 19, "oee": 0.75},
            id="a pharmaceutical line of 12 hours",
        ),
        pytest.param(
            cell(
                running_ms=400 * MINUTE,
                unplanned_stop_ms=50 * MINUTE,
                setup_ms=30 * MINUTE,
                breakdowns=2,
                **made(600, 100, 30 * SECOND_US, startup=40),
            ),
            {
                "availability": 5 / 6,
                "effectiveness": 0.875,
                "quality_ratio": 6 / 7,
                "oee": 0.625,
                "breakdown_loss_s": 50 * 60.0,
                "setup_loss_s": 30 * 60.0,
                "minor_stop_loss_s": 0.0,
                "speed_loss_s": 50 * 60.0,
                "defect_loss_s": 30 * 60.0,
                "startup_loss_s": 20 * 60.0,
                "unknown_loss_s": 0.0,
                "mtbf_s": 200 * 60.0,
                "mttr_s": 25 * 60.0,
                "ideal_cycle_s": 30.0,
            },
            id="the six big losses",
        ),
    ],
)
async def test_a_known_case(
    settings: DatabaseSettings, facts: OeeCell, expected: Mapping[str, float]
):
    (found,) = await stored(settings, [facts.model_copy(update={"shift": "s"})], "oee_by_shift")

    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)


async def test_seven_rows_of_losses_and_the_good_parts_are_planned_time(
    settings: DatabaseSettings,
):
    one = cell(
        running_ms=400 * MINUTE,
        unplanned_stop_ms=50 * MINUTE,
        setup_ms=30 * MINUTE,
        unknown_ms=7,
        shift="s",
        **made(600, 100, 30 * SECOND_US, startup=40),
    )

    rows = await stored(settings, [one], "oee_losses_by_shift ORDER BY position")

    assert [row["loss"] for row in rows] == [
        *("breakdown", "setup", "minor stops", "speed", "defects", "start-up", "unknown")
    ]
    assert sum(row["seconds"] for row in rows) + 600 * 30 == pytest.approx(rows[0]["planned_s"])
    assert [round(row["units"], 6) for row in rows[3:6]] == [100, 60, 40]
    units = in_units(50 * 60 * SECOND_US, one.time, one.quantities)
    assert rows[0]["units"] == pytest.approx(units, rel=1e-12)


M1 = cell(
    equipment="acme/north/hall/one/m1",
    shift="s",
    running_ms=90_000,
    unplanned_stop_ms=10_000,
    **made(80, 0, SECOND_US),
)
M2 = cell(
    equipment="acme/north/hall/one/m2",
    shift="s",
    running_ms=150_000,
    unplanned_stop_ms=150_000,
    **made(135, 15, SECOND_US),
)


@pytest.mark.parametrize(
    ("level", "place"),
    [("line", "acme/north/hall/one"), ("area", "acme/north/hall"), ("site", "acme/north")],
)
@pytest.mark.parametrize("period", ["minute", "hour", "shift", "day"])
async def test_machines_are_rolled_up_by_facts_and_not_by_ratios(
    settings: DatabaseSettings, level: str, place: str, period: str
):
    (found,) = await stored(settings, [M1, M2], f"oee_{level}_by_{period}")

    assert (found["place"], found["machines"]) == (place, 2)
    assert {name: found[name] for name in ("availability", "effectiveness")} == pytest.approx(
        {"availability": 240 / 400, "effectiveness": 230 / 240}, rel=1e-12
    )
    assert found["quality_ratio"] == pytest.approx(215 / 230, rel=1e-12)
    assert found["oee"] == pytest.approx(0.5375, rel=1e-12)
    assert found.get("line_oee", found["oee"]) == found["oee"]


async def stored(settings: DatabaseSettings, cells: list[OeeCell], view: str):
    sink = TimescaleSink(settings)
    await sink.write(batch(KPI, cells))
    await sink.close()
    with connect_blocking(settings) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(f"SELECT * FROM {view}".encode()).fetchall()
