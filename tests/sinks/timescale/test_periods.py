"""OEE of any period, counts, reports as restated, and the newest sign of life of every part."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from plantstream.runtime import clock
from schemas.deadletter import DeadLetter
from schemas.kpi import OeeReport
from schemas.record import EventId
from schemas.site import EdgeHeartbeat, SourceHeartbeat
from schemas.topics import DEADLETTER, KPI, MACHINE, SITE
from sinks.timescale.writer import TimescaleSink
from tests.sinks import story
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, cell, of_site, state
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def moment(second: float) -> str:
    return f"'{at(second).isoformat()}'::timestamptz"


async def test_oee_of_any_period_and_level(sink: TimescaleSink, sql: psycopg.Connection):
    other = PRESS.replace("/one/", "/two/")
    half: dict[str, Any] = {"ideal_us": 30_000_000, "ideal_good_us": 30_000_000, "good": 30}
    cells = [
        cell(0, running_ms=60_000, **half),
        cell(1, running_ms=60_000, **half),
        cell(1, equipment=other, unplanned_stop_ms=60_000),
        cell(2, unknown_ms=60_000),
    ]
    await sink.write(batch(KPI, cells))

    told = f"FROM oee_between({moment(60)}, {moment(180)}"
    figures = "SELECT place, machines, planned_s, good, oee, coverage"
    assert ask(sql, f"{figures} {told})") == [
        (PRESS, 1, 120.0, 30, 0.25, 0.5),
        (other, 1, 60.0, 0, 0.0, 1.0),
    ]
    assert ask(sql, f"{figures} {told}, 'area')") == [
        ("acme/north/hall", 2, 180.0, 30, pytest.approx(1 / 6), pytest.approx(2 / 3))
    ]
    assert [place for (place,) in ask(sql, f"SELECT place {told}, 'line')")] == [
        "acme/north/hall/one",
        "acme/north/hall/two",
    ]
    assert ask(sql, f"SELECT place {told}, 'site', 'other')") == []
    assert ask(sql, f"SELECT place {told}, 'country')") == []


async def test_parts_are_counted_by_batch_and_product(sink: TimescaleSink, sql: psycopg.Connection):
    of_t: dict[str, Any] = {"batch": "B-1", "product": "T", "shift": "2026-03-02/early"}
    late = {**of_t, "good": -2, "scrap": 2, "late": EventId(source="lab", epoch="e", seq=1)}
    cells = [
        cell(0, **of_t, good=8, scrap=1),
        cell(61, **of_t, good=10, rework=1, unplanned_good=4),
        cell(61, **{**of_t, "batch": "B-2"}, good=5),
        cell(0, **late),
    ]
    await sink.write(batch(KPI, cells))

    counts = "batch, good, scrap, rework, produced, unplanned_good, revision"
    whole = [("B-1", 16, 3, 1, 20, 4, 1), ("B-2", 5, 0, 0, 5, 0, 0)]
    assert ask(sql, f"SELECT {counts} FROM counts_by_day ORDER BY batch") == whole
    assert ask(sql, f"SELECT {counts} FROM counts_by_shift ORDER BY batch") == whole
    assert ask(
        sql, "SELECT window_start, batch, good FROM counts_by_hour ORDER BY window_start, batch"
    ) == [(at(0), "B-1", 6), (at(3600), "B-1", 10), (at(3600), "B-2", 5)]


async def test_the_newest_sign_of_life_of_every_part(sink: TimescaleSink, sql: psycopg.Connection):
    def of(seq: int) -> dict[str, Any]:
        return of_site(seq, at(seq)) | {"edge": "e1"}

    full: dict[str, Any] = {"spool_records": 7, "spool_bytes": 70, "dropped_records": 1}
    beats = [
        EdgeHeartbeat(**of(0), spool_records=0, spool_bytes=0, dropped_records=0),
        EdgeHeartbeat(**of(1), **full),
        SourceHeartbeat(**of(2), name="plc", connected=True, last_value_at=at(1)),
        SourceHeartbeat(**of(3), name="plc", connected=False, trouble="no answer"),
        SourceHeartbeat(**of(4), name="lab", connected=True, last_value_at=at(4)),
    ]
    await sink.write(batch(SITE, beats))
    await sink.write(batch(MACHINE, [state(0, at=at(30)), state(1, at=at(20))]))
    buried: dict[str, Any] = {"service": "sink", "size": 1, "reason": "no JSON"}
    letters = [DeadLetter(id=name, buried_at=clock.now(), **buried) for name in ("a/0/1", "a/0/2")]
    await sink.write(batch(DEADLETTER, letters))

    assert ask(
        sql,
        "SELECT kind, name, newest_at, connected, waiting, lost, trouble FROM pipeline_health"
        " WHERE kind NOT IN ('topic', 'dead_letters') ORDER BY kind, name",
    ) == [
        ("edge", "e1", at(1), None, 7, 1, None),
        ("equipment", PRESS, at(30), None, None, None, None),
        ("source", "lab", at(4), True, None, None, None),
        ("source", "plc", None, False, None, None, "no answer"),
    ]
    assert ask(
        sql,
        "SELECT name, lost, trouble, age_s < 60 FROM pipeline_health WHERE kind = 'dead_letters'",
    ) == [("sink", 2, "no JSON", True)]
    assert ask(sql, "SELECT name FROM pipeline_health WHERE kind = 'topic' ORDER BY name") == [
        ("plant.deadletter.v1",),
        ("plant.machine.v1",),
        ("plant.site.v1",),
    ]
    assert ask(sql, "SELECT id, service, reason, size FROM dead_letters ORDER BY id") == [
        ("a/0/1", "sink", "no JSON", 1),
        ("a/0/2", "sink", "no JSON", 1),
    ]


async def test_reports_as_first_told_and_as_restated(sink: TimescaleSink, sql: psycopg.Connection):
    await story.tell(sink)

    first, _, newest, packer = story.REPORTS
    ratios = "availability, effectiveness, quality_ratio, oee"
    firsts = ", ".join(f"first_{name}" for name in ratios.split(", "))
    counts = "SELECT revision, first_good, good, first_scrap, scrap"
    kept = ask(sql, f"{counts}, {firsts}, {ratios} FROM oee_reports ORDER BY revision DESC")
    assert kept == [
        (2, 15_000, 14_800, 300, 500, *_ratios(first), *_ratios(newest)),
        (0, 20_000, 20_000, 0, 0, *_ratios(packer), *_ratios(packer)),
    ]
    assert ask(
        sql,
        "SELECT revision, cause_type, cause_by, cause_reason, cause_time, cause_arrived_at,"
        " oee < oee_before, availability > availability_before FROM oee_restatements",
    ) == [
        (1, "parts_reported", "ana", "crack", at(540), at(9 * 3600), True, False),
        (2, "stop_reason_given", "luis", "drill", at(6600), at(10 * 3600), False, True),
    ]


def _ratios(report: OeeReport) -> tuple[float | None, ...]:
    return report.availability, report.effectiveness, report.quality_ratio, report.oee
