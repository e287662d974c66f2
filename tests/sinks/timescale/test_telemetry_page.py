"""Every question on the page about telemetry is answered, also of a day without planned time."""

import re
from pathlib import Path

import psycopg
import pytest

from schemas.topics import KPI, TELEMETRY
from sinks.timescale.writer import TimescaleSink
from tests.sinks.records import batch, cell, frame
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

PAGE = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_asks():
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("query", EXAMPLES)
async def test_a_question_is_answered(sink: TimescaleSink, sql: psycopg.Connection, query: str):
    await sink.write(batch(KPI, [cell(not_scheduled_ms=60_000)]))
    await sink.write(batch(TELEMETRY, [frame()]))
    asked = re.sub(r"(now\(\)|current_date) - [^\n ]*( '90 days')?", "DATE '2026-01-01'", query)
    assert asked != query

    assert ask(sql, asked.replace("'heat'", "'speed'"))
