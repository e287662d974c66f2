"""Stops, reasons, calls, findings, cycles and the plant's equipment, as people read them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from processors.cycles.statistics import (
    deviation_ms,
    drift,
    of_cells,
    quantile_ms,
    slow_share,
    takt_attainment,
    takt_s,
)
from schemas.cycles import BatchCycle, CycleCell, Phase
from schemas.kpi import OeeReport, Quantities, ReasonTime, TimeElements
from schemas.machine import TimeCategory
from schemas.model import PlantPublished
from schemas.record import EventId
from schemas.stops import AndonCall, Finding, Stop
from schemas.topics import KPI, MODEL
from sinks.errors import RejectedRecordsError
from sinks.timescale.writer import TimescaleSink
from tests.makers import plant
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, cell
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

OF: dict[str, Any] = {"plant_version": "v1", "equipment": PRESS}
DAY: dict[str, Any] = {"day": date(2026, 3, 2), "shift": "2026-03-02/early"}
LATE = EventId(source="edge", epoch="e", seq=7)


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


def stop(start: float, end: float | None = None, category: str = "unplanned_stop", **named: Any):
    ended = None if end is None else at(end)
    return Stop(**OF, **DAY, start=at(start), end=ended, category=TimeCategory(category), **named)


def because(category: str, reason: str, ms: int) -> ReasonTime:
    return ReasonTime(category=TimeCategory(category), reason=reason, ms=ms)


async def test_the_newest_record_of_a_stop_replaces_the_one_before(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(KPI, [stop(0), stop(0, 3), stop(9)]))
    await sink.write(batch(KPI, [stop(0, 3, reason="jam", reason_by="ana")], begin=3))

    assert ask(
        sql, "SELECT start, duration_s, reason, reason_by, is_open FROM stops ORDER BY 1"
    ) == [
        (at(0), 180.0, "jam", "ana", False),
        (at(9), None, None, None, True),
    ]


async def test_a_stop_that_was_taken_back_is_neither_listed_nor_counted(
    sink: TimescaleSink, sql: psycopg.Connection
):
    """It was told as it stood; then came what says that it had begun before."""
    told, taken_back, true = stop(1.7), stop(1.7, 1.7), stop(1.6, 3.3)
    stood = cell(1, unplanned_stop_ms=24_000, **DAY)

    await sink.write(batch(KPI, [told, taken_back, true, stood]))

    assert ask(sql, "SELECT start, duration_s FROM stops") == [(at(1.6), 102.0)]
    assert ask(sql, "SELECT category, seconds, number FROM pareto") == [("unplanned_stop", 24.0, 1)]


async def test_reasons_are_summed_and_what_they_leave_has_none(
    sink: TimescaleSink, sql: psycopg.Connection
):
    jam = because("unplanned_stop", "jam", 40_000)
    stood = cell(0, unplanned_stop_ms=60_000, reasons=(jam,), **DAY)
    waited = cell(1, delay_ms=20_000, unplanned_stop_ms=30_000, reasons=(jam,), **DAY)
    told = cell(1, late=LATE, reasons=(because("unplanned_stop", "jam", -10_000),), **DAY)
    stops = [stop(0, 1.5, reason="jam"), stop(1.6, 1.7, "delay"), stop(5, 6, "not_scheduled")]

    await sink.write(batch(KPI, [stood, waited, told, *stops]))

    found = ask(
        sql,
        "SELECT category, reason, sum(seconds), sum(number) FROM pareto"
        " WHERE equipment LIKE '%press' AND shift = '2026-03-02/early' GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert found == [
        ("delay", None, 20.0, 1),
        ("unplanned_stop", "jam", 70.0, 1),
        ("unplanned_stop", None, 20.0, 0),
    ]


async def test_a_cell_that_is_replaced_leaves_no_reason_behind(
    sink: TimescaleSink, sql: psycopg.Connection
):
    before = cell(setup_ms=9, reasons=(because("setup", "clean", 9), because("setup", "warm", 0)))
    await sink.write(batch(KPI, [before]))
    await sink.write(batch(KPI, [cell(setup_ms=9, reasons=(because("setup", "new", 9),))], begin=1))

    assert ask(sql, "SELECT reason, seconds FROM pareto") == [("new", 0.009)]


async def test_what_a_late_event_has_moved(sink: TimescaleSink, sql: psycopg.Connection):
    jam = because("unplanned_stop", "jam", 60_000)
    cells = [
        cell(0, good=9, unplanned_stop_ms=60_000, **DAY),
        cell(0, good=-3, scrap=3, late=LATE, **DAY),
        cell(1, unplanned_stop_ms=-5, planned_stop_ms=5, reasons=(jam,), late=LATE, **DAY),
    ]

    await sink.write(batch(KPI, cells))

    (found,) = ask(
        sql, "SELECT shift, event, first_minute, last_minute, moved FROM oee_late_changes"
    )
    assert found[:4] == ("2026-03-02/early", "edge/e/7", at(0), at(1))
    assert found[4] == {
        "good": -3,
        "scrap": 3,
        "unplanned_stop_ms": -5,
        "planned_stop_ms": 5,
        "reasons": [{"category": "unplanned_stop", "reason": "jam", "ms": 60_000}],
    }


async def test_calls_and_findings(sink: TimescaleSink, sql: psycopg.Connection):
    call = AndonCall(
        **OF, andon="a1", kind="material", priority="high", raised_at=at(0), raised_by="ana"
    )
    cleared = call.model_copy(update={"cleared_at": at(4), "cleared_by": "luis"})
    found = Finding(**OF, kind="unknown_reason", start=at(0), end=at(1), text="x", event=LATE)

    await sink.write(batch(KPI, [call, cleared, found, found]))

    assert ask(sql, "SELECT andon, duration_s, cleared_by FROM andon_calls") == [
        ("a1", 240.0, "luis")
    ]
    assert ask(sql, "SELECT kind, event FROM findings") == [("unknown_reason", "edge/e/7")]


async def test_cycle_times_of_merged_hours(sink: TimescaleSink, sql: psycopg.Connection):
    hours = [cycles(0, [1000] * 6 + [2000] * 2), cycles(60, [1000, 30_000], slow=1)]

    await sink.write(batch(KPI, [cycles(0, [7]), *hours]))

    columns = "cycles, mean_s, shortest_s, longest_s, slow, ideal_s, deviation_s, median_s, p99_s"
    ((*exact, deviation, median, p99),) = ask(sql, f"SELECT {columns} FROM cycles_by_shift")
    of_python = of_cells(hours)
    in_python = [
        deviation_ms(of_python),
        *(quantile_ms(of_python, share) for share in (0.5, 0.99)),
    ]
    assert [1000 * one for one in (deviation, median, p99)] == pytest.approx(in_python, rel=1e-12)
    ((drifted, slow),) = ask(sql, "SELECT drift, slow_share FROM cycles_by_shift")
    assert (drifted, slow) == pytest.approx((drift(of_python), slow_share(of_python)), rel=1e-12)
    assert exact == [10, 4.1, 1.0, 30.0, 1, 0.9]
    assert deviation == pytest.approx(9.1098, abs=1e-4)
    assert median == pytest.approx(1.0, rel=0.01)
    assert p99 == pytest.approx(30.0, rel=0.01)


async def test_takt_against_the_demand_of_the_plant_file(
    sink: TimescaleSink, sql: psycopg.Connection
):
    wanted = TEXT.replace("{id: slow, ", "{id: slow, demand_per_shift: 45, ")
    more = wanted.replace("45", "90")
    timed = cycles(0, [50_000, 30_000]).model_copy(update={"product": "slow"})
    shift = [cell(n, product="slow", running_ms=60_000, **DAY) for n in range(45)]

    await sink.write(batch(MODEL, [published(1, wanted), published(2, more, "v2")]))
    await sink.write(batch(KPI, [timed, cycles(1, [7]), *shift]))

    (found,) = ask(
        sql, "SELECT product, planned_s, demand_per_shift, takt_s, attainment FROM takt_by_shift"
    )
    takt = takt_s(timedelta(minutes=45), Decimal(45))
    assert found == ("slow", 2700.0, 45.0, takt, takt_attainment(of_cells([timed]), takt))


def cycles(minute: int, lengths: list[int], slow: int = 0) -> CycleCell:
    sketch: dict[str, int] = {}
    for length in lengths:
        bucket = str(next(i for i in range(2000) if 1.02**i >= length))
        sketch[bucket] = sketch.get(bucket, 0) + 1
    return CycleCell(
        **OF,
        **DAY,
        hour=at(minute),
        cycles=len(lengths),
        total_ms=sum(lengths),
        squares_ms2=sum(length**2 for length in lengths),
        shortest_ms=min(lengths),
        longest_ms=max(lengths),
        slow=slow,
        ideal_ms=900 * len(lengths),
        sketch=sketch,
    )


@pytest.mark.parametrize(
    ("sketch", "quantile", "expected"),
    [
        ("{}", 0.5, None),
        ('{"0": 5}', 1, 1.0),
        ('{"100": 9, "200": 1}', 0.9, 1.02**100),
        ('{"100": 9, "200": 1}', 0.91, 1.02**200),
        ('{"9": 1, "10": 1}', 0, 1.02**9),
    ],
)
def test_a_quantile_of_a_sketch_is_at_most_one_percent_off(
    sql: psycopg.Connection, sketch: str, quantile: float, expected: float | None
):
    (found,) = sql.execute("SELECT cycle_quantile_ms(%s, %s)", (sketch, quantile)).fetchone() or ()

    assert found == (None if expected is None else pytest.approx(expected, rel=0.01))


async def test_how_long_a_batch_and_its_phases_took(sink: TimescaleSink, sql: psycopg.Connection):
    phases = (
        Phase(name="heat", start=at(0), end=at(5)),
        Phase(name="stir", start=at(5), end=at(7)),
    )
    took = BatchCycle(**OF, batch="B-1", start=at(0))

    await sink.write(batch(KPI, [took, took.model_copy(update={"end": at(9), "phases": phases})]))

    assert ask(sql, "SELECT batch, duration_s, phases FROM batch_cycles") == [("B-1", 540.0, 2)]
    assert ask(sql, "SELECT number, phase, duration_s FROM batch_phases ORDER BY 1") == [
        (1, "heat", 300.0),
        (2, "stir", 120.0),
    ]


TEXT = plant().text


def published(number: int, text: str = TEXT, version: str = "v1", **named: Any) -> PlantPublished:
    return PlantPublished(
        site="acme/north",
        plant_version=version,
        file="plant.yaml",
        text=text,
        number=number,
        published_at=at(0),
        **named,
    )


async def test_the_equipment_of_the_plant_file_in_force(
    sink: TimescaleSink, sql: psycopg.Connection
):
    named = TEXT + "lines:\n  one: {name: Line 1, constraint: press}\n"
    later = published(3, version="v3", in_force_from=at(0) + timedelta(days=36_500))
    files = [published(1), published(0), published(2, named, "v2"), later]

    await sink.write(batch(MODEL, files))

    assert ask(
        sql,
        "SELECT equipment, plant_version, number, line_name, is_constraint"
        " FROM plant_equipment WHERE in_force",
    ) == [(PRESS, "v2", 2, "Line 1", True)]


async def test_a_plant_file_that_cannot_be_read_is_buried(sink: TimescaleSink):
    with pytest.raises(RejectedRecordsError, match="plant file v1"):
        await sink.write(batch(MODEL, [published(1, "no plant")]))


async def test_the_oee_of_a_line_is_that_of_its_constraint(
    sink: TimescaleSink, sql: psycopg.Connection
):
    text = TEXT + "lines:\n  one: {constraint: press}\n"
    good: dict[str, Any] = {
        "running_ms": 1000,
        "good": 1,
        "ideal_us": 800_000,
        "ideal_good_us": 800_000,
    }
    other = cell(shift="s", delay_ms=1000, equipment="acme/north/hall/one/packer")

    await sink.write(batch(MODEL, [published(1, text)]))
    await sink.write(batch(KPI, [cell(shift="s", **good), other]))

    asked = "SELECT machines, constraint_equipment, oee, line_oee FROM oee_line_by_shift"
    assert ask(sql, asked) == [(2, PRESS, 0.4, 0.8)]


async def test_a_report_says_which_event_restated_it(sink: TimescaleSink, sql: psycopg.Connection):
    first = OeeReport(
        **OF,
        kind="shift",
        window="2026-03-02/early",
        start=at(0),
        end=at(480),
        final=True,
        time=TimeElements(),
        quantities=Quantities(good=2),
    )
    restated = first.model_copy(update={"revision": 1, "cause": LATE})

    await sink.write(batch(KPI, [first, restated]))

    assert ask(sql, "SELECT revision, cause FROM oee_report ORDER BY 1") == [
        (0, None),
        (1, "edge/e/7"),
    ]
