"""The ten questions of docs/sql.md, answered from SQL alone, against a ledger of simulated days."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from psycopg.rows import dict_row

from plantstream.simulator.judged import place_at
from plantstream.simulator.truth import intervals, truth
from schemas.machine import TimeCategory
from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.sinks.alert_story import tell
from tests.sinks.timescale.conftest import Database, emptied
from tests.sinks.timescale.history import RUN, Past, lived, store, temperatures
from tests.sinks.timescale.history_people import batches
from tests.sinks.timescale.history_truth import (
    LOST,
    ZONE,
    by_reason,
    shifts,
    summed,
    true,
    week_before,
)
from tests.sinks.timescale.test_sql_page import TEN

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3600)]

ALERTS_AT = "2026-03-04T00:00Z"  # Their story is over.
Row = dict[str, Any]


class Extent(NamedTuple):
    """How much is simulated, and the moment in which the questions are asked."""

    days: int
    machines: Sequence[str]
    now: datetime


EIGHT = Extent(8, ("reactor-a", "station-1", "station-2"), datetime(2026, 1, 12, 10, tzinfo=ZONE))
MONTH = Extent(35, (*EIGHT.machines, "station-4"), datetime(2026, 2, 8, 10, tzinfo=ZONE))


class Asked(NamedTuple):
    """A past in a database, and how to ask it a question of the page."""

    past: Past
    now: datetime
    ask: Callable[..., list[Row]]
    """A question by its number; words of the page are replaced by others."""
    rows: Callable[[str], list[Row]]
    """Any query."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(EIGHT, id="8 days"),
        pytest.param(MONTH, id="35 days", marks=pytest.mark.long),
    ],
)
def asked(
    request: pytest.FixtureRequest, native: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    """The days as the run `history`; beside them messages and duty, which are live only."""
    extent: Extent = request.param
    past = lived(tmp_path_factory.mktemp("days"), extent.days, extent.machines)
    settings = emptied(native).settings

    async def fill() -> None:
        sink = TimescaleSink(settings)
        await sink.open()
        await store(past, sink)
        await tell(sink)
        await sink.close()

    asyncio.run(fill())
    with connect_blocking(settings) as connection:
        connection.execute("ANALYZE")

        def rows(query: str) -> list[Row]:
            return connection.cursor(row_factory=dict_row).execute(query.encode()).fetchall()

        def ask(number: int, now: str = extent.now.isoformat(), **words: str) -> list[Row]:
            query = TEN[number].replace("now()", f"timestamptz '{now}'")
            for name in ("run =", "of_run =>"):
                query = query.replace(f"{name} ''", f"{name} '{RUN}'")
            for old, new in words.items():
                assert old in query
                query = query.replace(old, new)
            return rows(query)

        yield Asked(past, extent.now, ask, rows)


def test_1_the_machine_that_lost_most_planned_time_yesterday_and_to_what(asked: Asked):
    yesterday = asked.now.date() - timedelta(days=1)
    lost = {
        path: by_reason(summed(asked.past, path, yesterday, asked.now.date()))
        for path in asked.past.paths
    }
    worst = max(lost, key=lambda path: sum(lost[path].values()))

    found = asked.ask(1)

    assert {row["equipment"] for row in found} == {worst}
    told = {(row["category"], row["reason"]): row["lost_s"] for row in found}
    assert told == pytest.approx(dict(lost[worst]))
    assert found[0]["lost_s"] == max(told.values())


def test_2_oee_per_line_and_shift_last_week_night_shifts_whole(asked: Asked):
    expected: dict[tuple[str, date, datetime], tuple[float, float]] = {}
    for path in asked.past.paths:
        for span, day in shifts(asked.past, path, *week_before(asked.now)).items():
            one = true(asked.past, path, span)
            assert one.ideal is not None
            name = (path.rpartition("/")[0], day, span[0])
            good_s, busy_s = expected.get(name, (0.0, 0.0))
            expected[name] = (good_s + one.ideal.good_s, busy_s + one.planned_busy_s)

    found = asked.ask(2)

    told = {(row["line"], row["day"], row["begins"]): row["oee"] for row in found}
    assert told == pytest.approx({name: good / busy for name, (good, busy) in expected.items()})
    nights = [row for row in found if row["shift"] == "night"]
    assert {row["ends"] - row["begins"] for row in nights} == {timedelta(hours=8)}
    assert all(row["begins"].astimezone(ZONE).date() == row["day"] for row in nights)


@pytest.mark.parametrize("place", [0, 1], ids=["parts found bad later", "a reason given later"])
def test_3_a_batch_as_first_reported_and_as_restated_and_why(asked: Asked, place: int):
    path = asked.past.path("station-1")
    said = asked.past.ledger.equipment[path].said[place]
    (made,) = (one for one in batches(asked.past.ledger, path) if one.start < said.time < one.end)

    (found,) = asked.ask(3, **{"station-1-0002": made.batch})

    first = truth(asked.past.as_first_told, asked.past.plant.plant, path, made.start, made.end)
    now_is = truth(asked.past.ledger, asked.past.plant.plant, path, made.start, made.end)
    for prefix, one in (("first_", first), ("", now_is)):
        assert one.ideal is not None
        assert found[f"{prefix}availability"] == pytest.approx(one.availability)
        assert found[f"{prefix}effectiveness"] == pytest.approx(
            one.ideal.produced_s / one.actual_production_s
        )
        assert found[f"{prefix}quality_ratio"] == pytest.approx(
            one.counts.good / one.counts.produced
        )
    assert first != now_is
    why = said.statement["type"], said.by, said.statement["reason"]
    assert (found["cause_type"], found["cause_by"], found["cause_reason"]) == why
    assert (found["cause_time"], found["cause_arrived_at"]) == (said.time, said.at)


def test_4_the_five_largest_stop_reasons_of_a_station_this_month(asked: Asked):
    path = asked.past.path("station-1")
    first = asked.now.date().replace(day=1)
    reasons: Counter[str] = Counter()
    month = summed(asked.past, path, first, first + timedelta(days=28))
    for (category, reason), seconds in month.reasons.items():
        if category in LOST:
            reasons[reason] += seconds  # type: ignore[assignment]

    found = asked.ask(4)

    assert [row["reason"] for row in found] == [name for name, _ in reasons.most_common(5)]
    assert {row["reason"]: row["stopped_s"] for row in found} == pytest.approx(
        dict(reasons.most_common(5))
    )


def test_5_batches_during_which_a_reactor_stood_too_hot_for_over_a_minute(asked: Asked):
    seen = list(temperatures(asked.past.folder / "reactor-a.csv"))
    longest: dict[str, float] = {}
    for made in batches(asked.past.ledger, asked.past.path("reactor-a")):
        hot = 0.0
        of_batch = [(at, value) for at, _, value in seen if made.start <= at < made.end]
        ends = [*(at for at, _ in of_batch[1:]), made.end]
        for (at, value), end in zip(of_batch, ends, strict=True):
            hot = hot + (end - at).total_seconds() if value is not None and value > 80 else 0.0
            longest[made.batch] = max(longest.get(made.batch, 0.0), hot)
    expected = {batch: seconds for batch, seconds in longest.items() if seconds > 60}
    assert len(expected) >= 2

    found = asked.ask(5)

    assert {row["batch"]: row["longest_s"] for row in found} == pytest.approx(expected)
    assert max(row["maximum"] for row in found) == 88.5


def test_6_batches_that_wait_for_their_release_over_a_day_and_their_missing_tests(asked: Asked):
    lab = asked.past.lab
    due = asked.now - timedelta(hours=24)
    waiting = {
        one.batch: sorted(set(lab.tests(0)) - set(lab.tests(place)))
        for place, one in enumerate(lab.batches)
        if not lab.is_released(place) and one.end < due
    }
    assert len(waiting) > 20

    found = asked.ask(6)

    assert {row["batch"]: sorted(row["missing_tests"]) for row in found} == waiting
    failed = {one.batch for place, one in enumerate(lab.batches) if lab.fails(place)}
    assert {row["batch"] for row in found if row["failed_tests"]} == failed & waiting.keys()


def test_7_compliance_per_product_over_30_days(asked: Asked):
    found = asked.ask(7)

    assert {row["product"] for row in found} == {one.product for one in asked.past.lab.batches}
    for row in found:
        stated = asked.past.lab.stated(row["product"], RUN, asked.past.plant)
        begin = row["window_end"] - timedelta(days=30)
        results = [
            one
            for one in stated
            if one.type == "test_result" and begin < one.source_time <= row["window_end"]
        ]
        failed = sum(one.number == 9.1 for one in results)
        assert (row["passed"], row["judged"]) == (len(results) - failed, len(results))
        assert row["compliance_rate"] == pytest.approx(1 - failed / len(results))
        assert max(one.source_time for one in results) == row["window_end"]


def test_8_time_to_acknowledge_by_severity_and_escalated_pages(asked: Asked):
    found = asked.ask(8, now=ALERTS_AT)

    # Monday's heat was answered after 360 s and escalated once; two warnings after 60 s each.
    assert [tuple(row.values()) for row in found] == [
        ("critical", 1, 1, 360.0, 1),
        ("warning", 4, 2, 60.0, 0),
    ]


def test_9_share_of_planned_time_without_a_signal(asked: Asked):
    expected = {}
    for path in asked.past.paths:
        sums = summed(asked.past, path, *week_before(asked.now))
        expected[path] = sums.seconds.get(TimeCategory.UNKNOWN, 0.0) / sums.planned_busy_s

    found = asked.ask(9)

    assert {row["equipment"]: row["share_without_signal"] for row in found} == pytest.approx(
        expected, rel=1e-9, abs=1e-12
    )
    assert max(expected.values()) > 0


@pytest.mark.parametrize("hours", [3, 27.2, 50.4, 75.1, 99.9, 121.3, 170])
def test_10_the_state_of_every_machine_at_a_local_time(asked: Asked, hours: float):
    moment = asked.past.ledger.start + timedelta(hours=hours)
    words = {"2026-01-08 03:00": f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"}

    found = {row["who"]: row for row in asked.ask(10, **words) if row["what"] == "machine"}

    assert list(found) == asked.past.paths
    for path, row in found.items():
        judged = intervals(asked.past.ledger, asked.past.plant.plant, path)
        here = judged[place_at(judged, moment)]
        assert (row["state"], row["batch"]) == (here.said, here.batch)


def test_10_and_who_was_on_call_then(asked: Asked):
    query_at = {"2026-01-08 03:00": "2026-03-02 05:00", f"of_run => '{RUN}'": "of_run => ''"}

    found = [row for row in asked.ask(10, **query_at) if row["what"] == "on call"]

    # From 10:00 to 12:00 UTC cai took over; it is 11:00 UTC.
    assert [(row["who"], row["state"]) for row in found] == [("mechanics", "cai")]


def test_machine_states_are_the_ledgers_without_a_hole(asked: Asked):
    path = asked.past.path("station-2")
    rows = asked.rows(
        "SELECT category, began_at, ended_at FROM machine_states"
        f" WHERE run = '{RUN}' AND equipment = '{path}' ORDER BY began_at"
    )
    assert all(one["ended_at"] == after["began_at"] for one, after in pairwise(rows))
    told: Counter[str] = Counter()
    for row in rows:
        end = row["ended_at"] or asked.past.ledger.end
        told[row["category"]] += (end - row["began_at"]).total_seconds()
    judged = intervals(asked.past.ledger, asked.past.plant.plant, path)
    expected: Counter[str] = Counter()
    for one in judged:
        expected[one.said] += one.seconds  # type: ignore[assignment]
    assert dict(told) == pytest.approx({str(name): s for name, s in expected.items()})
