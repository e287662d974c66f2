"""Every question on the page about SQL is answered, and every view and function has one."""

import re
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from schemas.topics import ALERT, KPI, MACHINE, TELEMETRY
from sinks.timescale.migrate import MIGRATIONS
from sinks.timescale.writer import TimescaleSink
from tests.sinks import quality_story, story
from tests.sinks.alert_story import STORY, TUESDAY, tell, transition
from tests.sinks.doubles import NOW
from tests.sinks.records import batch, frame, state
from tests.sinks.timescale.conftest import ask

pytestmark = pytest.mark.integration

PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sql\n-- (.*?)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
TEN = {int(one[0].split(".")[0]): one[1] for one in EXAMPLES if re.match(r"\d+\. ", one[0])}
"""The ten questions by number; test_ten_questions.py holds the answers against a ledger."""
QUESTIONS = [one for one in EXAMPLES if one[1] not in TEN.values()]
ASKED = " ".join(query for _, query in QUESTIONS)


@pytest.mark.parametrize(("question", "query"), QUESTIONS, ids=[one for one, _ in QUESTIONS])
async def test_a_question_is_answered(
    sink: TimescaleSink, sql: psycopg.Connection, question: str, query: str
):
    await tell(sink)
    storm = [transition(f"A{n}", TUESDAY, "firing", TUESDAY + n) for n in range(11)]
    await sink.write(batch(ALERT, [*storm], begin=len(STORY[ALERT])))
    await quality_story.tell(sink)
    await _run_and_stood(sink)
    _signed_and_kept(sql)
    _buried(sql)
    sql.execute("SET time zone 'UTC'")

    assert ask(sql, query), question


async def _run_and_stood(sink: TimescaleSink) -> None:
    """The press ran, stood from 20 s on, and was too fast before; its shift was restated."""
    restated = [*story.STATEMENTS, state(1), state(2, "delay", at=NOW + timedelta(seconds=20))]
    await sink.write(batch(MACHINE, restated))
    cells = [story.PRESS_SHIFT, story.PACKER_SHIFT, story.FOUND_BAD, story.WAS_A_DRILL]
    await sink.write(batch(KPI, [*cells, *story.STOPS, *story.REPORTS]))
    await sink.write(batch(TELEMETRY, [frame(0, [120.0] * 10 + [90.0] * 20)]))


def _buried(sql: psycopg.Connection) -> None:
    sql.execute(
        "INSERT INTO dead_letter"
        " (id, service, buried_at, topic, partition, record_offset, size, reason)"
        " VALUES ('plant.kpi.v1/0/7', 'sink', '2026-03-02', 'plant.kpi.v1', 0, 7, 12, 'no JSON')"
    )


@pytest.mark.parametrize("number", range(1, 11))
def test_one_of_the_ten_is_valid_in_either_database(sql: psycopg.Connection, number: int):
    sql.execute(TEN[number].encode())


def test_all_of_015_is_asked_about():
    migration = (MIGRATIONS / "015.sql").read_text(encoding="utf-8")
    ours = re.findall(r"^CREATE (?:VIEW|FUNCTION) (\w+)", migration, re.MULTILINE)
    ours += [f"counts_by_{period}" for period in ("hour", "shift", "day")]

    assert len(ours) == 13
    asked = ASKED + " ".join(TEN.values())
    assert [name for name in ours if not re.search(rf"\b{name}\b", asked)] == []


def _signed_and_kept(sql: psycopg.Connection) -> None:
    """A critical tag was sampled while B-1 was made."""
    sql.execute(
        "INSERT INTO critical_tag SELECT site, plant_version, equipment, 'heat', 'C', 60, 80"
        " FROM batch_made WHERE batch = 'B-1' AND equipment LIKE '%/reactor'"
    )
    sql.execute(
        "INSERT INTO batch_sample (run, equipment, tag, unit, time, value, quality)"
        " SELECT run, equipment, 'heat', 'C', start, 70, 0 FROM batch_made"
        " WHERE batch = 'B-1' AND equipment LIKE '%/reactor'"
    )


def test_all_of_008_is_asked_about(sql: psycopg.Connection):
    ours = ask(
        sql,
        "SELECT relname FROM pg_class WHERE relkind = 'v'"
        " AND relname ~ '^(alert|alarm|notif|on_call)' AND relnamespace = 'public'::regnamespace"
        " UNION SELECT proname FROM pg_proc WHERE proname ~ '^(alert|alarm|on_call)'"
        " AND pronamespace = 'public'::regnamespace",
    )

    assert len(ours) == 11
    assert [name for (name,) in ours if not re.search(rf"\b{name}\b", ASKED)] == []


def test_all_of_010_is_asked_about():
    migration = (MIGRATIONS / "010.sql").read_text(encoding="utf-8")
    ours = re.findall(r"^CREATE VIEW (\w+)", migration, re.MULTILINE)

    assert len(ours) == 6
    assert [name for name in ours if not re.search(rf"\b{name}\b", ASKED)] == []


def test_all_of_011_is_asked_about():
    migration = (MIGRATIONS / "011.sql").read_text(encoding="utf-8")
    ours = re.findall(r"^CREATE VIEW (\w+)", migration, re.MULTILINE)

    assert len(ours) == 2
    assert [name for name in ours if not re.search(rf"\b{name}\b", ASKED)] == []


def test_every_function_is_explained(sql: psycopg.Connection):
    assert (
        ask(
            sql,
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname ~ '^(alert|alarm|on_call)' AND obj_description(oid, 'pg_proc') IS NULL",
        )
        == []
    )
