"""A made-up plant: so many rows as it should be, and aggregates that say the same as they do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from plantstream.commands.bench_dashboard import ask as ask_dashboards
from plantstream.commands.dashboard_questions import QUESTIONS
from plantstream.commands.db_fill import filled
from plantstream.runtime.errors import MisconfiguredError
from sinks.timescale.connection import connect_blocking
from sinks.timescale.fill import (
    Filling,
    bytes_a_sample,
    require_empty,
    require_timescale,
)
from tests.sinks.timescale.conftest import Database, ask, emptied
from tests.sinks.timescale.test_ageing import afresh

pytestmark = pytest.mark.integration

UNTIL = datetime(2026, 3, 18, 9, 7, tzinfo=UTC)
SMALL = Filling(days=3, scale=0.02, until=UNTIL)
"""One machine with 20 tags."""


@pytest.fixture
def empty(timescale: Database) -> Iterator[Database]:
    """Nothing stored, nothing ever refreshed."""
    afresh(emptied(timescale))
    yield timescale
    afresh(emptied(timescale))


@pytest.mark.parametrize(
    ("days", "scale", "machines", "tags", "rows"),
    [(90, 1.0, 50, 1000, 32_000_000), (90, 0.1, 5, 100, 3_200_000), (1, 0.001, 1, 1, 10_000)],
)
def test_scale_is_in_machines_and_tags(
    days: int, scale: float, machines: int, tags: int, rows: int
) -> None:
    filling = Filling(days, scale, UNTIL)
    assert (filling.machines, filling.tags) == (machines, tags)
    assert filling.rows() == pytest.approx(rows, rel=0.05)


def test_statements_cover_the_whole_range_without_overlap() -> None:
    for part in Filling(90, 1.0, UNTIL).parts():
        steps = list(part.steps())
        assert (steps[0][0], steps[-1][1]) == (part.begins, part.ends)
        assert all(end == begin for (_, end), (begin, _) in pairwise(steps))
        assert all(end - begin <= timedelta(days=1) for begin, end in steps)


def test_what_is_stored_is_what_was_asked_and_every_question_of_dashboards_has_an_answer(
    empty: Database,
) -> None:
    settings = empty.settings
    stored = filled(settings, SMALL)
    times, _ = ask_dashboards(settings, UNTIL)
    assert times.keys() == QUESTIONS.keys()

    minutes = (UNTIL - SMALL.begins) // timedelta(minutes=1)
    seconds = (UNTIL - SMALL.raw_begins) // timedelta(seconds=1)
    assert stored["facts"] == minutes == one(empty, "SELECT count(*) FROM oee_cell")
    assert stored["raw"] == 20 * seconds // 10 == one(empty, "SELECT count(*) FROM sample")
    assert sum(stored.values()) == pytest.approx(SMALL.rows(), rel=0.01)
    # Of every minute all time is accounted for, and every stop has its minutes.
    assert one(empty, "SELECT count(*) FROM oee_by_minute WHERE calendar_s <> 60") == 0
    hours = one(empty, "SELECT sum(good) FROM oee_hourly")
    assert hours == one(empty, "SELECT sum(good) FROM oee_cell") > 0
    assert 0.6 < one(empty, "SELECT sum(ideal_good_s) / sum(planned_s) FROM oee_daily") < 0.9
    assert one(empty, "SELECT count(*) FROM plant_equipment WHERE in_force") == 1
    quarters = one(empty, "SELECT sum(samples) FROM telemetry_15m")
    assert quarters == 20 * ((UNTIL - SMALL.begins) // timedelta(seconds=10))
    assert quarters == one(empty, "SELECT sum(samples) FROM telemetry_1h")
    # What the Pareto says of a category is what the cells say, with and without reasons.
    for category in ("setup", "unplanned_stop", "delay", "minor_stop", "planned_stop"):
        told = f"SELECT sum(seconds) FROM pareto WHERE category = '{category}'"
        cells = f"SELECT sum({category}_ms) / 1000.0 FROM oee_cell"
        assert one(empty, told) == pytest.approx(float(one(empty, cells)))
    unsaid = "SELECT count(*) FROM pareto WHERE reason IS NULL AND category = 'delay'"
    assert one(empty, unsaid) == 0
    before, after = bytes_a_sample(settings)
    assert 100 < before < 400
    assert after < before / 5


def test_a_database_with_live_rows_is_refused(timescale: Database) -> None:
    empty = emptied(timescale)
    require_empty(empty.settings)
    one(
        empty,
        "INSERT INTO sample (equipment, tag, unit, time, quality)"
        " VALUES ('acme/north/hall/one/press', 'heat', '', now(), 0) RETURNING 1",
    )
    with pytest.raises(MisconfiguredError, match=r"live rows already \(sample of acme/north"):
        require_empty(empty.settings)


def test_a_database_that_keeps_no_aggregates_is_refused(
    timescale: Database, native: Database
) -> None:
    require_timescale(emptied(timescale).settings)
    with pytest.raises(MisconfiguredError, match="install TimescaleDB"):
        require_timescale(emptied(native).settings)


def one(database: Database, query: str) -> Any:
    with connect_blocking(database.settings) as sql:
        ((value,),) = ask(sql, query)
    return value
