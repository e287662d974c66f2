"""Every panel of Grafana is a question that the database answers to a reader, empty or not."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from deploy.grafana.asking import answer, answers, asked, marks
from deploy.grafana.assembled import BOARDS
from deploy.grafana.macros import Asked
from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import emptied
from tests.sinks.timescale.test_aggregates import CELLS

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def as_reader(timescale):
    with connect_blocking(emptied(timescale).settings) as connection:
        connection.execute("SET ROLE plantstream_reader")
        yield connection
        connection.execute("RESET ROLE")


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
@pytest.mark.parametrize("span", [timedelta(hours=1), timedelta(days=400)], ids=["hour", "years"])
def test_a_reader_is_answered_with_every_column_that_is_shown(as_reader, board, span):
    of = asked(as_reader, board, NOW - span, NOW)

    for panel, found in answers(as_reader, board, of):
        missing = {one.name for one in panel.columns} - set(found.columns)
        assert not missing, panel.id
    for found in marks(as_reader, board, of).values():
        assert {"time", "timeEnd", "text"} <= set(found.columns)


@pytest.mark.parametrize(
    ("period", "shown"),
    [
        ("day", ["2026-03-03", "2026-03-02", "2026-03-01"]),
        ("week", ["2026-03-02 - 2026-03-03", "2026-03-01"]),
        ("month", ["2026-03-01 - 2026-03-03"]),
    ],
)
def test_periods_are_named_by_the_production_days_that_are_summed(timescale, period, shown):
    """Days begin at half past five; the range begins within the first one, a Sunday."""
    chosen = {"equipment": ["a/b/c/d/e1"], "period": [period]}
    of = Asked(datetime(2026, 3, 1, 17, tzinfo=UTC), datetime(2026, 3, 4, 2, tzinfo=UTC), chosen)
    (board,) = [one for one in BOARDS if one.id == "executive"]
    (panel,) = [one for one in board.panels if one.id == "periods"]
    with connect_blocking(emptied(timescale).settings) as connection:
        connection.execute(CELLS.encode())

        found = answer(connection, of.expanded(panel.sql)).dicts()

    assert [one[panel.columns[0].name] for one in found] == shown


def test_a_question_that_is_wrong_is_seen(as_reader):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_reader.execute("SELECT * FROM audit_trail")
