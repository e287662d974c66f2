"""States as intervals, values and states at a moment, gaps filled, times beyond a limit: by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from schemas.cycles import BatchCycle
from schemas.deadletter import DeadLetter
from schemas.machine import Gap, StateChanged, TimeCategory
from schemas.record import EventId
from schemas.site import EdgeHeartbeat, SourceHeartbeat
from schemas.stops import Stop
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import DEADLETTER, KPI, MACHINE, SITE, TELEMETRY
from sinks.timescale.writer import TimescaleSink
from tests.sinks import story
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, cell, envelope, of_site
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

SAMPLES = ((0, 70.0), (20, 81.0), (40, 85.0), (70, 79.0), (100, 90.0), (110, None), (200, 60.0))
"""Second and value; None is a bad sample."""
BAD = 0x80000000
TAG = f"'{PRESS}', 'heat'"


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def moment(second: float) -> str:
    return f"'{at(second).isoformat()}'::timestamptz"


def heat(run: str = "") -> TelemetryFrame:
    column = Column(
        tag="heat",
        unit="°C",
        offset_ms=[1000 * second for second, _ in SAMPLES],
        numbers=[value for _, value in SAMPLES],
        quality=[0 if value is not None else BAD for _, value in SAMPLES],
    )
    return TelemetryFrame(**envelope(run=run), columns=[column])


@pytest.fixture
async def said(sink: TimescaleSink) -> None:
    """It ran, stood, said so again, could not be seen from 200 to 260 s, and ran again at 300 s."""
    starved = {"category": "delay", "word": "5", "why": "starved"}
    told = [
        changed(0, 0),
        changed(1, 100, **starved),
        changed(2, 150, **starved),
        Gap(**envelope(3, at=at(260)), start=at(200), reason="the cable"),
        changed(4, 300),
        changed(5, 50, run="other", category="unplanned_stop"),
    ]
    await sink.write(batch(MACHINE, told))


def changed(
    seq: int, second: float, category: str = "running", run: str = "", **said: str
) -> StateChanged:
    words = {"state": said.get("word"), "reason": said.get("why")}
    kind = TimeCategory(category)
    return StateChanged(**envelope(seq, at=at(second), run=run), category=kind, **words)


@pytest.mark.usefixtures("said")
def test_states_are_intervals_and_a_gap_is_one_of_them(sql: psycopg.Connection):
    found = ask(
        sql,
        "SELECT category, state, reason, began_at, ended_at, duration_s, is_open"
        " FROM machine_states WHERE run = '' ORDER BY began_at",
    )

    assert found == [
        ("running", None, None, at(0), at(100), 100.0, False),
        ("delay", "5", "starved", at(100), at(200), 100.0, False),
        ("unknown", None, "the cable", at(200), at(260), 60.0, False),
        ("delay", "5", "starved", at(260), at(300), 40.0, False),
        ("running", None, None, at(300), None, None, True),
    ]


@pytest.mark.usefixtures("said")
async def test_a_state_counts_as_the_stop_that_people_explained(
    sink: TimescaleSink, sql: psycopg.Connection
):
    stop = Stop(
        plant_version="v1",
        equipment=PRESS,
        start=at(100),
        end=at(300),
        category=TimeCategory.PLANNED_STOP,
        reason="drill",
        reason_by="ana",
        day=NOW.date(),
    )
    await sink.write(batch(KPI, [stop]))

    assert ask(
        sql,
        "SELECT category, counted_as, counted_reason, reason_by FROM machine_states"
        " WHERE run = '' ORDER BY began_at",
    ) == [
        ("running", "running", None, None),
        ("delay", "planned_stop", "drill", "ana"),
        ("unknown", "unknown", "the cable", None),
        ("delay", "planned_stop", "drill", "ana"),
        ("running", "running", None, None),
    ]


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(-1, ("unknown", None, None, None), id="before anything was said"),
        pytest.param(0, ("running", None, at(0), at(0)), id="the moment in which it is said"),
        pytest.param(99.9, ("running", None, at(0), at(0)), id="until it says otherwise"),
        pytest.param(199, ("delay", "starved", at(150), at(150)), id="what it said last"),
        pytest.param(200, ("unknown", "the cable", at(200), at(150)), id="a gap begins"),
        pytest.param(259, ("unknown", "the cable", at(200), at(150)), id="nobody saw it"),
        pytest.param(260, ("delay", "starved", at(150), at(260)), id="it is as before"),
        pytest.param(999, ("running", None, at(300), at(300)), id="the newest"),
    ],
)
def test_the_state_at_a_moment(sql: psycopg.Connection, second: float, expected: tuple[Any, ...]):
    query = f"SELECT category, reason, since, heard_at FROM state_at({moment(second)})"
    assert ask(sql, query) == [expected]


@pytest.mark.usefixtures("said")
async def test_a_run_has_states_of_its_own_and_a_batch_is_told(
    sink: TimescaleSink, sql: psycopg.Connection
):
    made = BatchCycle(
        run="other", plant_version="v1", equipment=PRESS, batch="B-1", product="T", start=at(60)
    )
    await sink.write(batch(KPI, [made]))

    told = f"SELECT category, batch, product FROM state_at({moment(70)}, 'other')"
    assert ask(sql, told) == [("unplanned_stop", "B-1", "T")]


async def test_the_value_at_a_moment_is_the_newest_good_or_bad(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(TELEMETRY, [heat(), heat("other")]))

    asked = "SELECT value, unit, quality, age_s, time FROM value_at"
    assert ask(sql, f"{asked}({TAG}, {moment(45)})") == [(85.0, "°C", 0, 5.0, at(40))]
    assert ask(sql, f"{asked}({TAG}, {moment(45)}, 'other')") == [(85.0, "°C", 0, 5.0, at(40))]
    assert ask(sql, f"{asked}({TAG}, {moment(110)})") == [(None, "°C", BAD, 0.0, at(110))]
    assert ask(sql, f"{asked}({TAG}, {moment(-1)})") == []


async def test_holes_are_filled_by_what_was_known_and_by_what_lies_between(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(TELEMETRY, [heat()]))

    found = ask(
        sql,
        "SELECT samples, average, minimum, maximum, last_value, carried, interpolated"
        f" FROM telemetry_gapfill({TAG}, {moment(15)}, {moment(210)}, '30 s')",
    )

    # Buckets begin at whole half minutes: the first sample is before 15 s, and not counted.
    assert found == [
        (1, 81.0, 81.0, 81.0, 81.0, 81.0, 81.0),
        (1, 85.0, 85.0, 85.0, 85.0, 85.0, 85.0),
        (1, 79.0, 79.0, 79.0, 79.0, 79.0, 79.0),
        (1, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0),
        (0, None, None, None, None, 90.0, 80.0),
        (0, None, None, None, None, 90.0, 70.0),
        (1, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0),
    ]
    empty = f"SELECT samples, carried, interpolated FROM telemetry_gapfill({TAG},"
    assert ask(sql, f"{empty} {moment(-60)}, {moment(0)}, '30 s')") == [(0, None, None)] * 2
    assert ask(sql, f"{empty} {moment(300)}, {moment(330)}, '30 s')") == [(0, 60.0, None)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            f"80, '1 s', {moment(0)}, {moment(300)}",
            [(at(20), 50.0, 85.0, 2), (at(100), 10.0, 90.0, 1)],
            id="from the first above to the first that is not, or is not good",
        ),
        pytest.param(
            f"80, '50 s', {moment(0)}, {moment(300)}", [(at(20), 50.0, 85.0, 2)], id="long"
        ),
        pytest.param(f"80, '51 s', {moment(0)}, {moment(300)}", [], id="not long enough"),
        pytest.param(f"85, '1 s', {moment(0)}, {moment(99)}", [], id="at the limit is not above"),
        pytest.param(
            f"80, '1 s', {moment(30)}, {moment(60)}",
            [(at(30), 30.0, 85.0, 2)],
            id="what began before and lasts is cut",
        ),
        pytest.param(f"60, '1 s', {moment(250)}, {moment(300)}", [], id="the last value holds"),
        pytest.param(
            f"59, '1 s', {moment(250)}, {moment(300)}",
            [(at(250), 50.0, 60.0, 1)],
            id="without a sample in between",
        ),
    ],
)
async def test_times_beyond_a_limit(
    sink: TimescaleSink, sql: psycopg.Connection, asked: str, expected: list[tuple[Any, ...]]
):
    await sink.write(batch(TELEMETRY, [heat()]))

    told = "SELECT began_at, duration_s, maximum, samples FROM telemetry_beyond"
    assert ask(sql, f"{told}({TAG}, {asked})") == expected


async def test_oee_of_any_period_and_level(sink: TimescaleSink, sql: psycopg.Connection):
    other = PRESS.replace("/one/", "/two/")
    half = {"ideal_us": 30_000_000, "ideal_good_us": 30_000_000, "good": 30}
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
    of_t = {"batch": "B-1", "product": "T", "shift": "2026-03-02/early"}
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

    full = {"spool_records": 7, "spool_bytes": 70, "dropped_records": 1}
    beats = [
        EdgeHeartbeat(**of(0), spool_records=0, spool_bytes=0, dropped_records=0),
        EdgeHeartbeat(**of(1), **full),
        SourceHeartbeat(**of(2), name="plc", connected=True, last_value_at=at(1)),
        SourceHeartbeat(**of(3), name="plc", connected=False, trouble="no answer"),
        SourceHeartbeat(**of(4), name="lab", connected=True, last_value_at=at(4)),
    ]
    await sink.write(batch(SITE, beats))
    await sink.write(batch(MACHINE, [changed(0, 30), changed(1, 20)]))
    buried = {"service": "sink", "size": 1, "reason": "no JSON"}
    letters = [
        DeadLetter(id=name, buried_at=datetime.now(UTC), **buried) for name in ("a/0/1", "a/0/2")
    ]
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

    kept = "SELECT revision, first_good, good, first_scrap, scrap, first_oee > oee FROM oee_reports"
    assert ask(sql, f"{kept} ORDER BY revision DESC") == [
        (2, 15_000, 14_800, 300, 500, False),
        (0, 20_000, 20_000, 0, 0, False),
    ]
    assert ask(
        sql,
        "SELECT revision, cause_type, cause_by, cause_reason, cause_time, cause_arrived_at,"
        " oee < oee_before, availability > availability_before FROM oee_restatements",
    ) == [
        (1, "parts_reported", "ana", "crack", at(540), at(9 * 3600), True, False),
        (2, "stop_reason_given", "luis", "drill", at(6600), at(10 * 3600), False, True),
    ]
