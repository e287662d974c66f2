"""What people read of quality, against a story of which every figure is computed by hand."""

from datetime import datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sinks.timescale.writer import TimescaleSink
from tests.sinks import alert_story, quality_story
from tests.sinks.alert_story import SITE, TUESDAY, at
from tests.sinks.quality_story import DAY, PRODUCT
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration


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


async def test_the_capability_of_a_test(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM process_capability WHERE run = '' AND test = 'ph'")

    assert (found["results"], found["chart"], found["unit"]) == (25, "individuals", "pH")
    assert (found["lower_limit"], found["upper_limit"], found["mean"]) == (5, 7, 6.1)
    assert (found["cp"], found["cpk"], found["pp"], found["ppk"]) == (3.33, 3, 1.67, 1.5)


async def test_a_window_with_its_batches(told: psycopg.Connection):
    (found,) = rows(
        told, "SELECT * FROM compliance_by_product WHERE period = '30d' AND batches_judged > 0"
    )

    assert (found["site"], found["product"], found["revision"]) == (SITE, PRODUCT, 1)
    assert (found["window_start"], found["window_end"]) == (
        at(TUESDAY + 3600 - 30 * DAY),
        at(TUESDAY + 3600),
    )
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
    warm, found, missed = rows(told, "SELECT * FROM deviations_open ORDER BY opened_at")

    assert (found["batch"], found["test"], found["product"]) == ("B-2", "ph", PRODUCT)
    assert (found["cause"], found["severity"]) == ("out_of_specification", "minor")
    assert (found["state"], found["done_by"], found["reason"]) == (
        *("investigating", "ben"),
        "the pump?",
    )
    assert (found["opened_at"], found["changed_at"]) == (at(TUESDAY + 3600), at(TUESDAY + 4000))
    assert (found["recurrence"], found["result"], found["because"]) == (1, "s7", "above 7")
    assert (missed["batch"], missed["cause"], missed["severity"]) == ("B-3", "missed_test", "major")
    assert (missed["state"], missed["done_by"], missed["reason"]) == ("open", None, None)
    assert (warm["batch"], warm["cause"], found["area"]) == ("B-3", "excursion", "finished")


async def test_an_excursion_with_its_duration_and_its_worst_value(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM deviations_open WHERE cause = 'excursion'")

    assert (found["rule"], found["tag"], found["area"]) == ("PressTooWarm", "temperature", "room")
    assert found["equipment"] == f"{SITE}/process/one/press"
    assert (found["excursion_start"], found["excursion_end"]) == (at(4200), at(6000))
    assert (found["excursion_s"], found["opened_at"]) == (1800.0, at(4500))
    assert (found["worst"], found["limit_value"], found["unit"]) == (33.5, 30.0, "°C")


async def test_an_excursion_that_goes_on_lasts_until_now(told: psycopg.Connection):
    told.execute(
        "UPDATE deviation SET excursion_start = now() - interval '90 s', excursion_end = NULL"
        " WHERE cause = 'excursion'"
    )

    ((lasts,),) = ask(told, "SELECT excursion_s FROM deviations_open WHERE cause = 'excursion'")

    assert lasts == pytest.approx(90, abs=30)


async def test_a_deviation_is_as_old_as_the_days_since_it_was_opened(told: psycopg.Connection):
    told.execute("UPDATE deviation SET opened_at = now() - interval '49 hours'")

    assert ask(told, "SELECT age_days FROM deviations_open") == [(2,), (2,), (2,)]


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


async def test_who_signed_what_with_what_meaning(told: psycopg.Connection):
    (found,) = rows(told, "SELECT * FROM signatures WHERE run = ''")

    assert (found["batch"], found["act"], found["statement"]) == ("B-1", "disposition", "s13")
    assert (found["printed_name"], found["login"]) == ("Dan Ek", "dan")
    assert (found["roles"], found["meaning"]) == (["qa", "release"], "released")
    assert (found["signed_at"], found["signed_local"]) == (at(14_390), "2026-03-02T03:59:50-06:00")
    assert (found["content_sha256"], found["signature_id"]) == ("ab" * 32, "signed-by-dan")
    assert (found["answer"], found["objections"]) == ("accepted", [])
