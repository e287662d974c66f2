"""What single panels show of plants that are not as the demo's."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.grafana.colours import CATEGORIES
from plantstream.runtime import clock
from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import Database, emptied
from tests.sinks.timescale.floor import SITE, Floor, path
from tests.sinks.timescale.test_ageing import afresh

pytestmark = pytest.mark.integration

BAD = 0x80000000
UNCERTAIN = 0x40000000


@pytest.fixture
def floor(timescale: Database) -> Iterator[Floor]:
    with connect_blocking(emptied(timescale).settings) as connection:
        yield Floor(connection)


def at(told: str, day: int = 3) -> datetime:
    hour, minute = map(int, told.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_machines_are_rows_of_their_own_whatever_their_names(floor: Floor):
    floor.knows(("f1", "Filling"), ("f2", "Filling"), ("m1", ""), ("m2", ""), ("p", "Press"))
    for number, id_ in enumerate(("f1", "f2", "m1", "m2", "p"), start=1):
        floor.minutes(id_, at("10:00"), number, good=1, running_ms=60_000)

    shown = floor.shown("factory/machines_now", at("10:00"), at("11:00"))

    assert {one["equipment"]: one["good"] for one in shown} == {
        "Filling (f1)": 1,
        "Filling (f2)": 2,
        "m1": 3,
        "m2": 4,
        "Press": 5,
    }
    assert [one["__text"] for one in floor.choices("reactor")] == [
        *("Filling (f1)", "Filling (f2)", "Press", "m1", "m2")
    ]


def test_curves_of_machines_are_theirs_alone_whatever_their_names(floor: Floor):
    floor.knows(("f1", "Filling"), ("f2", "Filling"), ("m1", ""))
    for number, id_ in enumerate(("f1", "f2", "m1")):
        floor.measured(id_, "temperature", at("10:30"), 20.0 + number)

    shown = floor.shown("reactor/temperature", at("10:00"), at("11:00"))

    assert {one["metric"]: one["value"] for one in shown} == {
        "Filling (f1)": 20,
        "Filling (f2)": 21,
        "m1": 22,
    }


def band(floor: Floor, until: str) -> list[str]:
    shown = floor.shown("factory/states", at("10:00"), at(until))
    return [f"{one['time']:%H:%M} {CATEGORIES[one['value']]}" for one in shown]


def test_time_without_a_signal_is_unknown_and_not_running(floor: Floor):
    floor.knows(("press", ""))
    floor.minutes("press", at("10:00"), 10, running_ms=60_000)
    floor.minutes("press", at("10:10"), 1, running_ms=20_000, unknown_ms=40_000)
    floor.minutes("press", at("10:11"), 9, unknown_ms=60_000)
    floor.minutes("press", at("10:20"), 5, running_ms=31_000, unknown_ms=29_000)

    assert band(floor, "11:00") == ["10:00 running", "10:10 unknown", "10:20 running"]


def test_a_machine_that_is_silent_up_to_now_stays_unknown(floor: Floor):
    floor.knows(("press", ""))
    floor.minutes("press", at("10:00"), 10, running_ms=60_000)
    floor.minutes("press", at("10:10"), 9, unknown_ms=60_000)

    assert band(floor, "10:20") == ["10:00 running", "10:10 unknown"]


def test_stops_go_on_after_time_without_a_signal_and_are_not_seen_in_it(floor: Floor):
    floor.knows(("press", ""))
    floor.minutes("press", at("10:00"), 10, unplanned_stop_ms=60_000)
    floor.minutes("press", at("10:10"), 10, unknown_ms=60_000)
    floor.minutes("press", at("10:20"), 10, setup_ms=60_000)
    floor.stood("press", at("10:00"), at("10:12"), "unplanned_stop")
    floor.stood("press", at("10:15"), at("10:25"), "setup")

    assert band(floor, "11:00") == [
        *("10:00 unplanned_stop", "10:10 unknown", "10:20 setup", "10:25 running")
    ]


@pytest.mark.parametrize(
    ("ends", "good"),
    [
        pytest.param("14:00", 480, id="8 hours are 480 minutes"),
        pytest.param("22:00", 960, id="16 hours are 16 hours"),
    ],
)
def test_what_begins_where_a_range_ends_is_not_in_it(floor: Floor, ends: str, good: int):
    floor.knows(("press", ""))
    floor.minutes("press", at("05:00"), 18 * 60, good=1, running_ms=60_000)

    (shown,) = floor.shown("factory/machines_now", at("06:00"), at(ends))

    assert shown["good"] == good


def test_the_last_hour_has_sixty_minutes(floor: Floor):
    floor.knows(("press", ""))
    row: dict[str, Any] = {"running_ms": 60_000, "ideal_us": 60_000_000}
    floor.minutes("press", at("11:00"), 60, ideal_good_us=60_000_000, **row)
    floor.minutes("press", at("12:00"), 1, ideal_good_us=0, **row)

    assert floor.shown("factory/oee_now", at("06:00"), at("12:00")) == [{"oee": 1.0}]


@pytest.mark.parametrize("quality", [BAD, UNCERTAIN])
@pytest.mark.parametrize(
    ("panel", "column"),
    [
        ("reactor/temperature", "value"),
        ("reactor/reactor_now", "temperature"),
        ("factory/reactors_now", "temperature"),
    ],
)
def test_values_that_are_not_good_are_not_shown_as_measured(
    floor: Floor, panel: str, column: str, quality: int
):
    floor.knows(("vat", ""))
    floor.measured("vat", "temperature", at("10:30"), 20)
    floor.measured("vat", "temperature", at("10:31"), 999, quality)

    assert [one[column] for one in floor.shown(panel, at("10:00"), at("11:00"))] == [20]


@pytest.fixture
def aged(timescale: Database) -> Iterator[Floor]:
    """Two hours of ten days ago and of a hundred days ago, after all that retention does."""
    afresh(emptied(timescale))
    with connect_blocking(timescale.settings) as connection:
        floor = Floor(connection)
        floor.knows(("vat", ""))
        connection.execute(
            "INSERT INTO sample (equipment, tag, unit, time, value, quality)"
            " SELECT %s, 'temperature', '', t, ago, 0 FROM unnest(ARRAY[10, 100]) AS ago,"
            " generate_series(now() - ago * interval '1 day',"
            " now() - ago * interval '1 day' + interval '2 hours', interval '30 s') AS t",
            (path("vat"),),
        )
        connection.execute("CALL drop_telemetry()")
        yield floor
    afresh(emptied(timescale))


def test_what_retention_has_dropped_is_shown_from_what_it_keeps(aged: Floor):
    now = clock.now()
    for ago, hours in ((10, 2), (10, 24), (100, 2), (100, 24)):
        begins = now - timedelta(days=ago, minutes=30)
        range_ = (begins, begins + timedelta(hours=hours))
        shown = aged.shown("reactor/temperature", *range_)
        assert shown, (ago, hours)
        assert {one["value"] for one in shown} == {ago}
        extremes = [{"equipment": "vat", "minimum": ago, "maximum": ago}]
        assert aged.shown("reactor/temperature_range", *range_) == extremes
        end = (begins, begins + timedelta(hours=1))
        for table in ("reactor/reactor_now", "factory/reactors_now"):
            assert [one["temperature"] for one in aged.shown(table, *end)] == [ago]

    year = aged.shown("reactor/temperature_range", now - timedelta(days=365), now)
    assert year == [{"equipment": "vat", "minimum": 10, "maximum": 100}]


def test_compliance_by_day_is_by_the_days_of_the_site(floor: Floor):
    """An evening in Mexico is the next day in UTC."""
    floor.knows(("vat", ""), zone="America/Mexico_City")
    floor.tested(("s1", at("15:00", day=2), "pass"), ("s2", at("03:00", day=3), "fail"))
    floor.tested(("s3", at("15:00", day=3), "pass"))

    shown = floor.shown("executive/compliance_by", at("00:00", day=1), at("00:00", day=5))

    assert shown == [
        {"time": at("15:00", day=2), "compliance_rate": 0.5},
        {"time": at("15:00", day=3), "compliance_rate": 1.0},
    ]


def test_a_product_of_which_nothing_is_known_but_a_batch_can_be_chosen(floor: Floor):
    floor.has("batch_progress", site=SITE, product="new", batch="B1")
    floor.has("batch_progress", site="acme/elsewhere", product="other", batch="B2")

    assert floor.choices("product") == [{"product": "new"}]


def test_the_share_of_slow_cycles_is_of_those_with_a_known_ideal_one(floor: Floor):
    floor.knows(("press", ""))
    row = {"equipment": path("press"), "product": "P", "day": at("10:00").date()}
    row |= {"shift": "2026-03-03/day", "sketch": "{}"}
    floor.minutes("press", at("10:00"), 1, shift="2026-03-03/day", running_ms=60_000)
    floor.has("cycle_cell", **row, hour=at("10:00"), cycles=10, slow=4, no_ideal=2)
    floor.has("cycle_cell", **row, hour=at("11:00"), cycles=90, slow=0, no_ideal=90)

    (shown,) = floor.shown("operations/cycles", at("10:00"), at("12:00"))

    assert shown["slow_share"] == 0.5


@pytest.mark.parametrize(
    "panel", ["operations/reasons", "operations/reasons_by_machine", "factory/production_today"]
)
def test_a_panel_of_days_reads_the_days_of_its_range(floor: Floor, panel: str):
    floor.knows(("press", ""))
    floor.minutes("press", at("10:00"), 1, shift="2026-03-03/day")

    planned = floor.planned(floor.expanded(panel, at("10:00"), at("11:00")))

    assert any("(day >= " in line for line in planned)


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        pytest.param("Pacific/Honolulu", ("08:00", "2026-03-01/night"), id="far in the west"),
        pytest.param("Pacific/Kiritimati", ("20:00", "2026-03-04/late"), id="far in the east"),
    ],
)
def test_a_shift_is_marked_also_where_its_day_is_another_than_that_of_the_range(
    floor: Floor, zone: str, night: tuple[str, str]
):
    """A range of one hour in UTC, on 3 March."""
    begins, shift = night
    floor.knows(("press", ""), zone=zone)
    day = datetime.fromisoformat(shift.partition("/")[0]).date()
    floor.minutes("press", at(begins), 60, shift=shift, day=day, running_ms=60_000)

    marked = floor.marked("shifts", "operations", at(begins), at(begins) + timedelta(hours=1))

    assert marked == [shift.partition("/")[2]]
    lines = floor.shown("operations/lines", at(begins), at(begins) + timedelta(hours=1))
    assert [one["shift"] for one in lines] == [shift]


def test_batches_that_ended_have_the_figures_of_all_of_their_days(floor: Floor):
    floor.knows(("vat", ""))
    batch = {"batch": "B1", "product": "P"}
    floor.minutes("vat", at("10:00", day=1), 1, **batch, good=3)
    floor.minutes("vat", at("10:00", day=3), 1, **batch, good=4)
    floor.minutes("vat", at("11:00", day=3), 1, batch="B2", product="P", good=5)
    floor.has(
        "batch_cycle",
        **batch,
        equipment=path("vat"),
        start=at("10:00", day=1),
        end=at("10:30", day=3),
    )

    (shown,) = floor.shown("reactor/batch_history", at("10:00"), at("12:00"))

    assert (shown["batch"], shown["good"]) == ("B1", 7)
