"""Records about quality as rows: nothing is left out, nothing is stored twice."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel

from schemas.lab import BatchMade, DeviationAction
from schemas.quality import TestJudged
from schemas.topics import LAB, LAB_ANSWER, QUALITY, SITE, Role, Topic
from sinks.registry import TOPICS
from sinks.timescale.migrate import migrate, roll_back, scripts
from sinks.timescale.plant_files import PLANT_FILES
from sinks.timescale.quality_tables import ANSWERS, DEVIATIONS, JUDGED, MADE, QUALITIES, RELEASES
from sinks.timescale.rows import rows_of
from sinks.timescale.table import Table
from sinks.timescale.tables import RESULTS, tables_of
from sinks.timescale.writer import TimescaleSink
from tests.schemas.samples import SAMPLES
from tests.sinks import quality_story
from tests.sinks.quality_story import PUBLISHED, STORY, answer
from tests.sinks.records import batch
from tests.sinks.timescale.conftest import Database, ask

TABLES = {
    QUALITY: (
        "judged_result",
        "judged_version",
        "compliance_report",
        "deviation",
        "batch_progress",
    ),
    LAB_ANSWER: ("lab_answer",),
    LAB: ("test_result", "disposition", "deviation_action", "batch_made", "signature"),
}


def _name(record: BaseModel) -> str:
    return type(record).__name__


def test_the_sink_reads_all_of_it_and_may():
    for topic in (QUALITY, LAB_ANSWER):
        assert topic in TOPICS
        assert Role.SINK in topic.readers


def test_every_kind_of_record_has_its_table():
    assert {*QUALITY.types, *LAB_ANSWER.types, DeviationAction, BatchMade} == set(QUALITIES)


@pytest.mark.parametrize("record", [one for one in SAMPLES if type(one) in QUALITIES], ids=_name)
def test_a_row_has_a_value_for_each_column(record: BaseModel):
    for table in tables_of(record):
        for row in table.rows_of(record):
            assert len(row) == len(table.columns)


@pytest.mark.parametrize(
    ("table", "records"),
    [
        pytest.param(JUDGED, quality_story.JUDGED, id="results"),
        pytest.param(DEVIATIONS, quality_story.DEVIATIONS, id="deviations"),
        pytest.param(RELEASES, quality_story.RELEASES, id="releases"),
        pytest.param(ANSWERS, quality_story.ANSWERS, id="answers"),
        pytest.param(MADE, quality_story.MAKINGS, id="batches"),
    ],
)
def test_of_one_record_id_one_row_is_left(table: Table, records: list[Any]):
    assert len(table.newest([table.row_of(one) for one in records])) == len(
        {one.record_id() for one in records}
    )


def test_a_result_that_is_declared_invalid_says_so():
    kept = [
        dict(zip(RESULTS.columns, RESULTS.row_of(one), strict=True))
        for one in quality_story.RESULTS
    ]

    assert [row["statement"] for row in kept if row["invalid"]] == ["s6"]


def test_what_is_forwarded_to_the_site_is_stored_from_where_it_came():
    assert rows_of(batch(SITE, [*quality_story.JUDGED]).events).counts == {}
    assert isinstance(quality_story.JUDGED[0], TestJudged)


def test_specifications_hold_from_an_instant():
    row = dict(zip(PLANT_FILES.columns, PLANT_FILES.row_of(PUBLISHED), strict=True))

    assert '"since": "2026-03-02T04:30:00+00:00", "lower": 5.0, "upper": 7.0' in row["quality"]


@pytest.mark.integration
@pytest.mark.parametrize("topic", TABLES, ids=lambda topic: topic.name)
async def test_what_is_told_again_is_stored_once(
    sink: TimescaleSink, sql: psycopg.Connection, topic: Topic
):
    await sink.write(batch(topic, STORY[topic]))
    before = {table: sorted(map(str, ask(sql, f"TABLE {table}"))) for table in TABLES[topic]}

    await sink.write(batch(topic, STORY[topic], begin=len(STORY[topic])))

    assert all(before.values())
    assert {
        table: sorted(map(str, ask(sql, f"TABLE {table}"))) for table in TABLES[topic]
    } == before


@pytest.mark.integration
async def test_answers_that_compaction_took_away_are_no_loss(
    sink: TimescaleSink, sql: psycopg.Connection
):
    told = [answer(2, ("batch", "unknown")), answer(1), answer(2)]
    await sink.write(batch(LAB_ANSWER, told[:1]))
    sql.execute("UPDATE sink_position SET next = 7")  # Compaction took away 1 to 6.

    written = await sink.write(batch(LAB_ANSWER, told[1:], begin=7))

    assert written.holes == 0
    assert ask(sql, "SELECT statement, answer, objections FROM lab_answer ORDER BY 1") == [
        ("s1", "accepted", []),
        ("s2", "accepted", []),
    ]


@pytest.mark.integration
async def test_steps_of_deviations_keep_their_words_on_the_way_back(
    sink: TimescaleSink, sql: psycopg.Connection, database: Database
):
    steps = "SELECT statement, deviation, action, reason, product, act FROM deviation_action"
    await sink.write(batch(LAB, STORY[LAB]))
    before = sorted(map(str, ask(sql, steps)))
    assert len(before) == 3

    roll_back(database.settings, keep=[one.name for one in scripts() if one.order < ("010", False)])
    assert ask(sql, "SELECT DISTINCT type FROM operator_act") == [("deviation_action",)]
    migrate(database.settings, plain=database.plain)

    assert sorted(map(str, ask(sql, steps))) == before
    assert ask(sql, "SELECT count(*) FROM operator_act") == [(0,)]


@pytest.mark.integration
async def test_a_result_that_was_stored_before_010_is_valid(sql: psycopg.Connection):
    sql.execute(
        "INSERT INTO test_result (run, site, product, statement, test, unit, stated_by, source,"
        " epoch, plant_version, time, ingest_time, revision, seq, retest)"
        " VALUES ('', 'a/b', 'P', 's', 't', '', 'ana', 'e', 'e', 'v', %s, %s, 1, 0, false)",
        [datetime(2026, 1, 1, tzinfo=UTC)] * 2,
    )

    assert ask(sql, "SELECT statement, invalid, answer FROM test_results") == [("s", False, None)]
