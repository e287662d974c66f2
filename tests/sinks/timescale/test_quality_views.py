"""What people read of quality, against a story of which every figure is computed by hand."""

from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row

from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.sinks import alert_story, quality_story
from tests.sinks.alert_story import SITE, TUESDAY, at
from tests.sinks.quality_story import DAY, END, MAKINGS, OPENED_BY_B1, OPENED_BY_B2, PRODUCT
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

VIEWS = (
    "compliance_by_product",
    "deviations_open",
    "batch_release",
    "test_results",
    "batch_genealogy",
)


@pytest.fixture
async def told(sink: TimescaleSink, sql: psycopg.Connection) -> psycopg.Connection:
    await alert_story.tell(sink)
    await quality_story.tell(sink)
    return sql


def rows(sql: psycopg.Connection, query: str, *given: Any) -> list[dict[str, Any]]:
    return sql.cursor(row_factory=dict_row).execute(query.encode(), given).fetchall()


@pytest.mark.parametrize(
    ("of", "newest", "first"),
    [
        pytest.param("period = '30d' AND area IS NULL AND test IS NULL", (2, 3), (2, 4), id="30d"),
        pytest.param("period = '24h'", (1, 2), (2, 3), id="24h, without what lies at its start"),
        pytest.param("period = '30d' AND area = 'finished'", (1, 2), (0, 2), id="an area"),
        pytest.param("batch = 'B-1'", (2, 2), (1, 2), id="a batch that was corrected"),
        pytest.param("batch = 'B-2'", (0, 1), (0, 1), id="a batch with one result"),
    ],
)
async def test_compliance_now_and_as_it_was_first_reported(
    told: psycopg.Connection, of: str, newest: tuple[int, int], first: tuple[int, int]
):
    (found,) = rows(told, f"SELECT * FROM compliance_by_product WHERE run = '' AND {of}")

    assert (found["passed"], found["judged"]) == newest
    assert found["compliance_rate"] == pytest.approx(newest[0] / newest[1])
    assert (found["first_passed"], found["first_judged"]) == first
    assert found["first_compliance_rate"] == pytest.approx(first[0] / first[1])


async def test_below_the_minimum_number_there_is_no_rate(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM compliance_by_product WHERE test = 'micro'")

    assert (found["passed"], found["judged"], found["compliance_rate"]) == (1, 1, None)
    assert (found["first_passed"], found["first_judged"]) == (1, 1)
    assert (found["first_compliance_rate"], found["minimum_results"]) == (None, 2)


async def test_a_window_with_its_batches(told: psycopg.Connection):
    (found,) = rows(
        told, "SELECT * FROM compliance_by_product WHERE batches_judged > 0 AND batch IS NULL"
    )

    assert (found["site"], found["product"], found["revision"]) == (SITE, PRODUCT, 1)
    assert (found["window_start"], found["window_end"]) == (at(END - 30 * DAY), at(END))
    assert (found["batches_passed"], found["batches_judged"]) == (1, 1)
    assert found["batch_compliance"] == 1.0


async def test_rates_of_periods_are_those_of_the_judged_results(told: psycopg.Connection):
    assert ask(
        told,
        "SELECT count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend')),"
        " count(*) FILTER (WHERE outcome IN ('pass', 'out_of_trend', 'fail'))"
        " FROM test_results WHERE is_newest",
    ) == [(2, 3)]


async def test_open_deviations(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM deviations_open")

    assert (found["batch"], found["test"], found["product"]) == ("B-2", "ph", PRODUCT)
    assert (found["cause"], found["severity"]) == ("out_of_specification", "critical")
    assert (found["state"], found["done_by"], found["reason"]) == (
        *("investigating", "ben"),
        "the pump?",
    )
    assert (found["opened_at"], found["changed_at"]) == (at(TUESDAY + 3600), at(TUESDAY + 4000))
    assert (found["recurrence"], found["result"], found["because"]) == (1, "s7", "above 7")


async def test_a_deviation_is_as_old_as_the_days_since_it_was_opened(told: psycopg.Connection):
    told.execute("UPDATE deviation SET opened_at = now() - interval '49 hours'")

    assert ask(told, "SELECT age_days FROM deviations_open") == [(2,)]


async def test_a_batch_that_was_released(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM batch_release WHERE batch = 'B-1'")

    assert (found["started_at"], found["ended_at"]) == (at(-3600), at(7200))
    assert (found["expected"], found["judged"], found["failed"]) == (2, 2, 0)
    assert (found["pending"], found["overdue"], found["failed_tests"]) == ([], [], [])
    assert (found["disposition"], found["disposed_by"]) == ("approved", "dan")
    assert (found["released_at"], found["release_hours"]) == (at(14_400), 2.0)
    assert found["hours_since_end"] == 2


async def test_a_batch_that_is_still_made(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM batch_release WHERE batch = 'B-2'")

    assert (found["ended_at"], found["hours_since_end"]) == (None, None)
    assert (found["failed"], found["failed_tests"]) == (1, ["ph"])
    assert (found["pending"], found["open_deviations"]) == (["micro"], 1)
    assert (found["released_at"], found["release_hours"]) == (None, None)


async def test_a_batch_that_waits_for_its_tests(told: psycopg.Connection):
    told.execute(
        "UPDATE batch_progress SET ended_at = now() - interval '90 min' WHERE batch = 'B-3'"
    )

    (found,) = rows(told, "SELECT * FROM batch_release WHERE batch = 'B-3'")

    assert (found["pending"], found["overdue"]) == (["micro", "ph"], ["micro"])
    assert (found["disposition"], found["hours_since_end"]) == (None, 1)


@pytest.mark.parametrize(
    ("disposition", "released"),
    [("conditional", at(14_400)), ("rejected", None), ("held", None)],
)
async def test_only_an_approval_releases(
    told: psycopg.Connection, disposition: str, released: datetime | None
):
    told.execute("UPDATE batch_progress SET disposition = %s WHERE batch = 'B-1'", (disposition,))

    (found,) = rows(told, "SELECT * FROM batch_release WHERE batch = 'B-1'")

    assert found["released_at"] == released
    assert (found["hours_since_end"] == 2) is (disposition != "held")


async def test_a_batch_of_another_product_is_left_out(told: psycopg.Connection):
    batches = "SELECT batch FROM batch_release ORDER BY batch"
    assert ask(told, batches) == [("B-1",), ("B-2",), ("B-3",)]

    told.execute("UPDATE batch_made SET withdrawn = false")

    assert ask(told, batches)[-1] == ("B-9",)


async def test_a_corrected_result_with_both_versions(told: psycopg.Connection):
    first, second = rows(
        told, "SELECT * FROM test_results WHERE test = 'ph' AND batch = 'B-1' ORDER BY stated_at"
    )

    assert (first["statement"], first["result"], first["is_newest"]) == ("s1", "s1", False)
    assert (first["value"], first["unit"], first["outcome"]) == ("7.4", "pH", "fail")
    assert (first["because"], first["corrected_from"], first["reason"]) == ("above 7", None, None)
    assert (second["statement"], second["result"], second["is_newest"]) == ("s4", "s1", True)
    assert (second["value"], second["number"], second["outcome"]) == ("6.4", 6.4, "pass")
    assert (second["corrects"], second["corrected_from"]) == ("s1", "7.4")
    assert (second["reason"], second["stated_by"], second["revision"]) == ("typing error", "ana", 2)
    assert (second["tested_at"], second["sampled_at"]) == (at(11_000), at(7000))
    assert (second["answer"], second["objections"], second["area"]) == ("accepted", [], "finished")
    assert (second["method"], second["judged_by"]) == ("M-1", "v1")


@pytest.mark.parametrize(
    ("statement", "limits"),
    [
        pytest.param("s1", (5.0, 7.0, []), id="by when the sample was taken"),
        pytest.param("s5", (4.5, 7.5, []), id="a sample of before the specification changed"),
        pytest.param("s6", (4.5, 7.5, []), id="a correction is of the same sample"),
        pytest.param("s7", (5.0, 7.0, []), id="by when it was tested"),
        pytest.param("s2", (None, None, ["absent"]), id="texts"),
        pytest.param("s3", (None, None, None), id="nothing is specified"),
        pytest.param("s8", (None, None, None), id="it was never judged"),
    ],
)
async def test_the_limits_by_which_a_result_was_judged(
    told: psycopg.Connection, statement: str, limits: tuple[Any, ...]
):
    assert ask(
        told,
        "SELECT lower_limit, upper_limit, accepted_values FROM test_results"
        f" WHERE statement = '{statement}'",
    ) == [limits]


async def test_results_that_do_not_count(told: psycopg.Connection):
    assert ask(
        told,
        "SELECT statement, value, outcome, is_newest, invalid, answer, objections -> 0 ->> 'field'"
        " FROM test_results WHERE statement IN ('s5', 's6', 's8') ORDER BY statement",
    ) == [
        ("s5", "6", "pass", False, False, "accepted", None),
        ("s6", "6", "invalid", True, True, "accepted", None),
        ("s8", ">7.1", None, False, False, "refused", "value"),
    ]


async def test_each_statement_is_one_row(told: psycopg.Connection):
    assert ask(told, "SELECT count(*), count(DISTINCT statement) FROM test_results") == [(8, 8)]
    assert ask(told, "SELECT analyst, stated_by FROM test_results WHERE statement = 's2'") == [
        ("eva", "ana")
    ]


async def test_all_that_is_known_of_a_batch_in_its_order(told: psycopg.Connection):
    found = ask(
        told,
        "SELECT at, kind, name, state, value, done_by, accepted FROM batch_genealogy"
        f" WHERE run = '' AND site = '{SITE}' AND product = '{PRODUCT}' AND batch = 'B-1'",
    )

    assert found == [
        (at(-3600), "made", "reactor", "made", None, None, None),
        (at(30), "alert", "Hot", "resolved", "96", "ana", None),
        (at(3600), "made", "mixer", "made", None, None, None),
        (at(10_800), "test", "ph", "pass", "6.4", "ana", None),
        (at(10_800), "deviation", "out_of_specification", "closed", None, "cai", None),
        (at(10_860), "test", "micro", "pass", "Absent", "eva", None),
        (at(10_900), "test", "assay", "not judged", "99.5", "ana", None),
        (at(11_400), "deviation step", "investigate", None, None, "ben", True),
        (at(12_700), "deviation step", "close", None, None, "cai", True),
        (at(13_000), "disposition", "release", None, None, "ana", False),
        (at(14_400), "disposition", "release", None, None, "dan", True),
    ]


async def test_what_a_row_of_a_genealogy_names(told: psycopg.Connection):
    found = rows(told, "SELECT * FROM batch_genealogy WHERE batch = 'B-2'")
    by_kind = {one["kind"]: one for one in found}

    assert by_kind["made"]["state"] == "making"
    assert by_kind["made"]["equipment"] == MAKINGS[0].equipment
    assert (by_kind["alert"]["at"], by_kind["alert"]["until"]) == (at(TUESDAY), None)
    assert (by_kind["alert"]["severity"], by_kind["alert"]["id"]) == ("warning", "f-Hot")
    assert (by_kind["test"]["id"], by_kind["test"]["because"]) == ("s7", "above 7")
    assert (by_kind["deviation"]["id"], by_kind["deviation"]["test"]) == (OPENED_BY_B2, "ph")
    assert by_kind["deviation step"]["because"] == "the pump?"
    assert len(found) == 5


async def test_deviations_are_followed_from_their_batch(told: psycopg.Connection):
    ids = "SELECT id, until FROM batch_genealogy WHERE kind = 'deviation' AND batch = 'B-1'"
    assert ask(told, ids) == [(OPENED_BY_B1, at(12_700))]


async def test_told_again_all_figures_stay(sink: TimescaleSink, sql: psycopg.Connection):
    queries = [f"SELECT * FROM {view}" for view in VIEWS]
    await alert_story.tell(sink)
    await quality_story.tell(sink)
    once = [sorted(map(str, ask(sql, query))) for query in queries]

    sql.execute("TRUNCATE sink_position")  # As after `db accept-loss`: all is read again.
    await alert_story.tell(sink)
    await quality_story.tell(sink, times=2)

    assert [sorted(map(str, ask(sql, query))) for query in queries] == once


async def test_every_view_and_column_is_explained(sql: psycopg.Connection):
    named = ", ".join(f"'{view}'::regclass" for view in VIEWS)
    assert (
        ask(
            sql,
            "SELECT attrelid::regclass::text, attname FROM pg_attribute"
            f" WHERE attrelid IN ({named}) AND attnum > 0 AND NOT attisdropped"
            " AND col_description(attrelid, attnum) IS NULL",
        )
        == []
    )
    assert (
        ask(
            sql,
            f"SELECT oid::regclass::text FROM pg_class WHERE oid IN ({named})"
            " AND obj_description(oid, 'pg_class') IS NULL",
        )
        == []
    )


def test_roles_read_and_only_writers_write(native: Database):
    settings = emptied(native).settings
    with connect_blocking(settings) as owner:
        for role in ("writer", "reader", "auditor"):
            owner.execute(f"SET ROLE plantstream_{role}".encode())
            for view in VIEWS:
                assert ask(owner, f"SELECT * FROM {view}") == []
        for role in ("reader", "auditor"):
            owner.execute(f"SET ROLE plantstream_{role}".encode())
            with pytest.raises(errors.InsufficientPrivilege):
                owner.execute("DELETE FROM deviation")
        owner.execute("RESET ROLE")


async def test_a_sink_stores_the_story_as_a_writer(native: Database):
    settings = emptied(native).settings
    with connect_blocking(settings) as owner:
        owner.execute("DROP ROLE IF EXISTS quality_sink")
        owner.execute("CREATE USER quality_sink IN ROLE plantstream_writer")
    sink = TimescaleSink(settings.model_copy(update={"user": "quality_sink"}))
    await sink.open()

    await quality_story.tell(sink, times=2)
    await sink.close()

    with connect_blocking(settings) as owner:
        assert ask(owner, "SELECT count(*) FROM lab_answer") == [(13,)]
