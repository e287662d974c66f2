"""What an error of the database means for the work in hand."""

import psycopg
import pytest

from plantstream.runtime.errors import MisconfiguredError, UnavailableError
from plantstream.runtime.settings import DatabaseSettings
from sinks.timescale.connection import decision, is_faulty_row

SETTINGS = DatabaseSettings(host="db", port=5432, name="plant", user="writer")


def error(state: str) -> psycopg.Error:
    return psycopg.errors.lookup(state)("what the server said\nDETAIL: more")


@pytest.mark.parametrize(
    ("state", "kind", "faulty_row"),
    [
        pytest.param("40001", UnavailableError, False, id="a serialisation failure"),
        pytest.param("40P01", UnavailableError, False, id="a deadlock"),
        pytest.param("57P01", UnavailableError, False, id="the server is shut down"),
        pytest.param("53100", UnavailableError, False, id="the disk is full"),
        pytest.param("25006", UnavailableError, False, id="a standby that takes no writes"),
        pytest.param("42501", MisconfiguredError, False, id="no right to this table"),
        pytest.param("42P01", MisconfiguredError, False, id="a missing table"),
        pytest.param("28P01", MisconfiguredError, False, id="a wrong password"),
        pytest.param("3D000", MisconfiguredError, False, id="no such database"),
        pytest.param("22003", UnavailableError, True, id="a number out of range"),
        pytest.param("23514", UnavailableError, True, id="a violated check"),
        pytest.param("54000", UnavailableError, True, id="a key too long for its index"),
    ],
)
def test_decisions(state: str, kind: type[Exception], faulty_row: bool):
    found = decision(error(state), SETTINGS)

    assert type(found) is kind
    assert is_faulty_row(error(state)) is faulty_row
    assert "database plant at db:5432" in str(found)
    assert "more" not in str(found)


def test_nobody_answers():
    assert isinstance(decision(psycopg.OperationalError("refused"), SETTINGS), UnavailableError)


def test_a_refused_password_names_the_variables():
    assert str(decision(error("28P01"), SETTINGS)).endswith(
        "; see PLANTSTREAM_DATABASE_USER and PLANTSTREAM_DATABASE_PASSWORD"
    )


def test_a_missing_table_names_the_command():
    assert "plantstream db migrate" in str(decision(error("42P01"), SETTINGS))
