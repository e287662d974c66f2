"""States as intervals, values and states at a moment, holes filled, times beyond a limit."""

from datetime import datetime, timedelta
from typing import Any, get_args

import psycopg
import pytest

from schemas.cycles import BatchCycle
from schemas.machine import Gap, StateChanged, TimeCategory
from schemas.manual import ManualRecord
from schemas.stops import Stop
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import KPI, MACHINE, TELEMETRY
from sinks.timescale.writer import TimescaleSink
from tests.sinks.doubles import NOW
from tests.sinks.records import PRESS, batch, envelope
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


def heat(seq: int = 0, run: str = "") -> TelemetryFrame:
    column = Column(
        tag="heat",
        unit="°C",
        offset_ms=[1000 * second for second, _ in SAMPLES],
        numbers=[value for _, value in SAMPLES],
        quality=[0 if value is not None else BAD for _, value in SAMPLES],
    )
    return TelemetryFrame(**envelope(seq, run=run), columns=[column])


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
    words: dict[str, Any] = {"state": said.get("word"), "reason": said.get("why")}
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


COUNTED = """
    SELECT category, counted_as, counted_reason, reason_by FROM machine_states
    WHERE run = '' ORDER BY began_at
"""
EXPLAINED = [
    ("running", "running", None, None),
    ("delay", "planned_stop", "drill", "ana"),
    ("unknown", "unknown", "the cable", None),
    ("delay", "planned_stop", "drill", "ana"),
    ("running", "running", None, None),
]


def stood(
    start: float, end: float, category: str, reason: str | None = None, by: str | None = None
) -> Stop:
    return Stop(
        plant_version="v1",
        equipment=PRESS,
        start=at(start),
        end=at(end),
        category=TimeCategory(category),
        reason=reason,
        reason_by=by,
        day=NOW.date(),
    )


@pytest.mark.usefixtures("said")
async def test_a_state_counts_as_the_stop_that_people_explained(
    sink: TimescaleSink, sql: psycopg.Connection
):
    await sink.write(batch(KPI, [stood(100, 300, "planned_stop", reason="drill", by="ana")]))

    assert ask(sql, COUNTED) == EXPLAINED


@pytest.mark.usefixtures("said")
async def test_a_stop_that_was_taken_back_explains_nothing(
    sink: TimescaleSink, sql: psycopg.Connection
):
    taken_back = stood(100, 100, "delay")
    await sink.write(
        batch(KPI, [stood(98, 300, "planned_stop", reason="drill", by="ana"), taken_back])
    )

    assert ask(sql, COUNTED) == EXPLAINED


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
def test_what_people_say_is_no_sign_of_life_of_the_machine(sql: psycopg.Connection):
    spoken = [get_args(one.model_fields["type"].annotation)[0] for one in people_say()]
    assert len(spoken) == 6
    for kind in spoken:
        sql.execute(
            "INSERT INTO machine_event (run, equipment, time, type, source, epoch, seq,"
            " ingest_time, plant_version, event)"
            " VALUES ('', %s, %s, %s, 'edge', 'e1', 9, now(), 'v1', '{}')",
            (PRESS, at(400), kind),
        )

    assert ask(sql, f"SELECT heard_at FROM state_at({moment(500)})") == [(at(300),)]
    newest = "SELECT newest_at FROM pipeline_health WHERE kind = 'equipment'"
    assert ask(sql, newest) == [(at(300),)]


def people_say(kind: type[ManualRecord] = ManualRecord) -> list[type[ManualRecord]]:
    """All that people say of an equipment."""
    return [found for one in kind.__subclasses__() for found in (one, *people_say(one))]


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
    await sink.write(batch(TELEMETRY, [heat(), heat(1, run="other")]))

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
        pytest.param(
            f"80, '0 s', {moment(40)}, {moment(60)}",
            [(at(40), 20.0, 85.0, 1)],
            id="a sample at the beginning is the first one",
        ),
        pytest.param(
            f"80, '0 s', {moment(70)}, {moment(100)}",
            [],
            id="what a sample at the beginning ends does not count",
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
