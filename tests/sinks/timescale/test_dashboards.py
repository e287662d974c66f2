"""Every panel of Grafana is a question that the database answers to a reader, empty or not."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from deploy.grafana.asking import answers, asked, marks
from deploy.grafana.assembled import BOARDS
from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import emptied

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

    for panel, answer in answers(as_reader, board, of):
        missing = {one.name for one in panel.columns} - set(answer.columns)
        assert not missing, panel.id
    for answer in marks(as_reader, board, of).values():
        assert {"time", "timeEnd", "text"} <= set(answer.columns)


def test_a_question_that_is_wrong_is_seen(as_reader):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_reader.execute("SELECT * FROM audit_trail")
