"""The page of all views and functions: it is what the database says, and all is explained."""

from pathlib import Path

import psycopg
import pytest

from sinks.timescale.connection import connect_blocking
from sinks.timescale.reference import functions, reference, views
from tests.sinks.timescale.conftest import Database, emptied

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[3] / "docs" / "sql-reference.md"


def test_the_page_is_what_the_database_says(native: Database):
    with connect_blocking(emptied(native).settings) as connection:
        told = reference(connection)

    # `python -m sinks.timescale.reference > docs/sql-reference.md` mends it.
    assert PAGE.read_text(encoding="utf-8") == told


def test_every_view_column_and_function_explains_itself(sql: psycopg.Connection):
    found = views(sql)
    assert len(found) > 60
    assert [one.name for one in found if not one.about] == []
    assert [
        f"{view.name}.{column.name}"
        for view in found
        for column in view.columns
        if not column.about
    ] == []
    assert [one.name for one in functions(sql) if not one.about] == []


def test_seconds_and_ratios_say_what_they_are_made_of(sql: psycopg.Connection):
    told = {
        column.name: column.about
        for view in views(sql)
        if view.name.startswith("oee_by_")
        for column in view.columns
    }
    assert all(", s" in about or about for name, about in told.items() if name.endswith("_s"))
    for ratio in ("availability", "effectiveness", "quality_ratio", "oee", "teep", "coverage"):
        assert "/" in told[ratio]
