"""Views of quality: told again nothing changes, all is explained, and roles have their rights."""

import psycopg
import pytest
from psycopg import errors

from sinks.timescale.connection import connect_blocking
from sinks.timescale.writer import TimescaleSink
from tests.sinks import alert_story, quality_story
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

VIEWS = (
    "compliance_by_product",
    "deviations_open",
    "batch_release",
    "test_results",
    "batch_genealogy",
    "process_capability",
    "batch_samples",
    "batch_critical_tags",
    "signatures",
)


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
