"""Results with their versions, and all that is known of a batch, against a story."""

from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sinks.timescale.writer import TimescaleSink
from tests.sinks import alert_story, quality_story
from tests.sinks.alert_story import SITE, TUESDAY, at
from tests.sinks.quality_story import MAKINGS, OPENED_BY_B1, OPENED_BY_B2, PRODUCT
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration


@pytest.fixture
async def told(sink: TimescaleSink, sql: psycopg.Connection) -> psycopg.Connection:
    await alert_story.tell(sink)
    await quality_story.tell(sink)
    return sql


def rows(sql: psycopg.Connection, query: str, *given: Any) -> list[dict[str, Any]]:
    return sql.cursor(row_factory=dict_row).execute(query.encode(), given).fetchall()


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


@pytest.mark.parametrize(
    "question",
    [
        f"batch_genealogy WHERE run = '' AND site = '{SITE}' AND product = 'CREAM' AND batch = 'B'",
        "test_results WHERE run = '' AND batch = 'B-1'",
        f"test_results WHERE run = '' AND site = '{SITE}' AND product = 'CREAM' AND test = 'ph'",
        f"compliance_by_product WHERE run = '' AND site = '{SITE}' AND product = 'CREAM'",
        f"batch_release WHERE run = '' AND site = '{SITE}' AND ended_at > '2026-03-01'",
        f"deviations_open WHERE run = '' AND site = '{SITE}'",
    ],
)
async def test_no_question_has_to_read_a_whole_table(told: psycopg.Connection, question: str):
    told.execute("SET enable_seqscan = off")

    plan = str(ask(told, f"EXPLAIN SELECT * FROM {question}"))

    assert "Index" in plan
    assert "Seq Scan" not in plan
