"""Families of questions, and the index that answers each of them."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from sinks.timescale.connection import connect_blocking
from tests.sinks.timescale.conftest import Database, ask, emptied

pytestmark = pytest.mark.integration

MACHINES = """
    FROM generate_series(1, 5) AS line, generate_series(1, 4) AS n,
         generate_series(timestamptz '2026-01-01Z', '2026-03-01Z', '{every}') AS t
"""
PATH = "format('a/b/c/l%s/e%s', line, n)"
FILLED = (
    f"""
    INSERT INTO oee_cell
    SELECT '', {PATH}, t, 'B' || t::date, 'P' || extract(day FROM t),
        to_char(t, 'YYYY-MM-DD') || '/day', '', t::date, t, t + interval '1 minute', 'v',
        0, 0, 0, 0, 0, 0, 60000, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 60000000, 60000000, 0
    {MACHINES.format(every="30 min")}
    """,
    f"""
    INSERT INTO cycle_cell
    SELECT '', {PATH}, t, 'P', 'B' || t::date, to_char(t, 'YYYY-MM-DD') || '/day', '', t::date, 'v',
        1, 9, 81, 9, 9, 0, 9, 0, '{{}}'
    {MACHINES.format(every="1 hour")}
    """,
    f"""
    INSERT INTO stop (run, equipment, start, category, day, plant_version)
    SELECT '', {PATH}, t, (ARRAY['delay', 'setup', 'minor_stop', 'planned_stop', 'unplanned_stop'])
        [1 + mod(extract(hour FROM t)::int, 5)], t::date, 'v'
    {MACHINES.format(every="1 hour")}
    """,
    f"""
    INSERT INTO andon_call (run, equipment, andon, raised_at, kind, priority, raised_by,
        cleared_at, plant_version)
    SELECT '', {PATH}, 'A', t, 'help', CASE WHEN n = 1 THEN 'high' ELSE 'low' END, 'ana',
        CASE WHEN t < '2026-02-28Z' THEN t END, 'v'
    {MACHINES.format(every="4 hours")}
    """,
    f"""
    INSERT INTO oee_report (run, equipment, kind, "window", start, revision, "end", final,
        plant_version, report)
    SELECT '', {PATH}, (ARRAY['shift', 'batch', 'hour'])[1 + mod(extract(hour FROM t)::int, 3)],
        t::text, t, 0, t, true, 'v', '{{}}'
    {MACHINES.format(every="4 hours")}
    """,
    f"""
    INSERT INTO judged_result (run, site, product, result, statement, revision, test, at, stated_at,
        because, unit, plant_version)
    SELECT '', 'a/b', 'P' || line, format('%s/%s/%s', line, n, t), 's', 1, 'pH', t, t, '', '', 'v'
    {MACHINES.format(every="4 hours")}
    """,
    f"""
    INSERT INTO batch_made (run, site, product, equipment, batch, start, withdrawn,
        plant_version)
    SELECT '', 'a/b', 'P' || line, {PATH}, 'B' || t, t, false, 'v'
    {MACHINES.format(every="4 hours")}
    """,
)
LINE = "substring(equipment, '^(?:[^/]+/){3}[^/]+') = 'a/b/c/l2'"
DAY = "BETWEEN '2026-02-20Z' AND '2026-02-20 06:00Z'"
QUESTIONS = """
oee_cell_by_time        oee_by_minute  window_start {DAY}
oee_cell_by_line        oee_line_by_day  place = 'a/b/c/l2'
oee_cell_by_line        oee_cell  {LINE} AND day = '2026-02-20' AND shift = '2026-02-20/day'
oee_cell_by_product     oee_cell  product = 'P20' AND minute {DAY}
stop_by_time            stops  start {DAY}
stop_pkey               stops  equipment = 'a/b/c/l2/e1' AND start {DAY}
stop_by_category        stops  category = 'setup' ORDER BY start DESC LIMIT 9
stop_by_line            stops  {LINE} AND start {DAY}
andon_call_open         andon_calls  is_open ORDER BY raised_at DESC LIMIT 9
andon_call_by_priority  andon_calls  priority = 'high' ORDER BY raised_at DESC LIMIT 9
andon_call_by_time      andon_calls  raised_at {DAY}
judged_result_by_moment judged_result  at {DAY}
judged_result_by_time   judged_result  site = 'a/b' AND product = 'P2' AND at {DAY}
batch_made_by_line      batch_made  {LINE} AND start {DAY}
oee_report_by_time      oee_report  kind = 'shift' AND start {DAY}
oee_report_by_line      oee_report  {LINE} AND kind = 'shift' AND start {DAY}
"""
OF_E1 = "equipment = 'a/b/c/l2/e1'"
WINDOWS = """
oee_cell_by_day             day    oee_by_day  {E1} AND day = '2026-02-20'
oee_cell_by_day             day    oee_by_shift  {E1} AND day = '2026-02-20'
oee_cell_by_production_day  day    oee_by_shift  day = '2026-02-20'
oee_cell_by_production_day  day    oee_losses_by_day  day = '2026-02-20'
oee_cell_by_batch           batch  oee_by_batch  {E1} AND batch = 'B2026-02-20'
oee_cell_by_batch           batch  oee_by_batch  {MADE} AND batch = 'B2026-02-20'
oee_cell_by_line            day    oee_line_by_day  place = 'a/b/c/l2' AND day = '2026-02-20'
oee_cell_by_line            shift  oee_line_by_shift  place = 'a/b/c/l2' AND {SHIFT}
oee_cell_by_production_day  day    oee_area_by_day  day = '2026-02-20'
cycle_cell_by_day           day    cycles_by_shift  {E1} AND day = '2026-02-20'
cycle_cell_by_day           day    cycles_by_day  {E1} AND day = '2026-02-20'
cycle_cell_by_batch         batch  cycles_by_batch  {E1} AND batch = 'B2026-02-20'
cycle_cell_by_day           day    takt_by_shift  {E1} AND day = '2026-02-20'
oee_cell_pkey               minute takt_by_shift  {E1} AND day = '2026-02-20'
"""
"""What views with windows are asked, and the column of their index by which it finds the window."""
MADE = "equipment = ANY (ARRAY(SELECT equipment FROM batch_made WHERE batch = 'B2026-02-20'))"
SHIFT = "day = '2026-02-20' AND shift = '2026-02-20/day'"


@pytest.fixture(scope="module")
def filled(native: Database) -> Iterator[psycopg.Connection]:
    """Two months of 20 machines of 5 lines, and what PostgreSQL knows about them."""
    emptied(native)
    with connect_blocking(native.settings) as sql:
        for query in FILLED:
            sql.execute(query.encode())
        sql.execute("ANALYZE")
        yield sql
    emptied(native)


@pytest.mark.parametrize("question", QUESTIONS.strip().splitlines())
def test_a_question_is_answered_by_its_index(filled: psycopg.Connection, question: str):
    index, table, condition = question.split(maxsplit=2)
    asked = condition.replace("{LINE}", LINE).replace("{DAY}", DAY)

    rows = ask(filled, f"EXPLAIN SELECT * FROM {table} WHERE run = '' AND {asked}")

    plan = "\n".join(line for (line,) in rows)

    assert index in plan


@pytest.mark.parametrize("question", WINDOWS.strip().splitlines())
def test_a_view_finds_a_window_by_its_index(filled: psycopg.Connection, question: str):
    index, column, view, condition = question.split(maxsplit=3)
    asked = condition.replace("{E1}", OF_E1).replace("{MADE}", MADE).replace("{SHIFT}", SHIFT)

    rows = ask(filled, f"EXPLAIN SELECT * FROM {view} WHERE run = '' AND {asked}")

    plan = [line for (line,) in rows]
    by_index = [at for at, line in enumerate(plan) if re.search(rf"\b{index}\b", line)]
    found_by = [line for at in by_index for line in plan[at : at + 2] if "Index Cond" in line]
    assert any(re.search(rf"\b{column} >?= ", line) for line in found_by), "\n".join(plan)
