"""What the runbooks ask in SQL can be asked."""

import re
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration
RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
QUERIES = [
    (page.stem, query)
    for page in sorted(RUNBOOKS.glob("*.md"))
    for query in re.findall(
        r"^```sql\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
]


AUDITOR = "(as a login in plantstream_auditor)"


def test_every_question_of_a_runbook_is_answered_to_those_who_may_ask_it(native: Database):
    with connect_blocking(emptied(native).settings) as connection:
        refused = [one for page, query in QUERIES if (one := _refusal(connection, page, query))]

    assert len(QUERIES) > 10
    assert refused == []


def _refusal(connection: psycopg.Connection, page: str, query: str) -> str | None:
    try:
        with connection.transaction():
            role = "auditor" if AUDITOR in query else "reader"
            connection.execute(SQL("SET LOCAL ROLE {}").format(Identifier(f"plantstream_{role}")))
            ask(connection, query)
    except psycopg.Error as error:
        return f"{page}: {error}"
    return None
