"""One line of a recording: its samples, or why it is none."""

import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingest.input import BAD, Sample, Unreadable
from ingest.inputs.recording.rows import ColumnRule, Cursor, Layout, advance, ended_batch
from ingest.lines import MAX_LINE_BYTES, Line

START = Cursor(offset=10, line=2)


def layout(**changes: Any) -> Layout:
    batch = ColumnRule(1, "batch", is_name=True)
    known: dict[str, Any] = {
        "origin": "rec.csv",
        "equipment": "a/b/c/d/e",
        "delimiter": ";",
        "width": 3,
        "time_index": 0,
        "time_format": "iso",
        "zone": ZoneInfo("UTC"),
        "columns": [batch, ColumnRule(2, "good", is_name=False)],
        "ending_batch": batch,
    }
    return Layout(**{**known, **changes})


def line(text: str | bytes, number: int = 2) -> Line:
    raw = text.encode() if isinstance(text, str) else text
    return Line(number, 10 + len(raw), raw[:MAX_LINE_BYTES], len(raw))


def play(*texts: str | bytes, **changes: Any) -> tuple[Cursor, list[Any]]:
    cursor, found = START, []
    for number, text in enumerate(texts, 2):
        cursor, seen = advance(layout(**changes), cursor, line(text, number), None)
        found += seen
    return cursor, found


def values(found: list[Any]) -> list[Any]:
    return [(one.tag, one.value) for one in found if isinstance(one, Sample)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        pytest.param("7", 7, id="whole"),
        pytest.param("7.50", 7.5, id="decimal"),
        pytest.param(" 1e3 ", 1000.0, id="exponent"),
        pytest.param("idle", "idle", id="word"),
        pytest.param("1_000", "1_000", id="underscores are no number"),
        pytest.param('"a;b"', "a;b", id="quoted"),
        pytest.param("9" * 5000, math.inf, id="more digits than a number has"),
    ],
)
def test_cells(cell: str, value: Any) -> None:
    _, found = play(f"2026-03-01T00:00:00;b;{cell}")

    assert found[1].value == value


def test_names_are_kept_as_they_are_written() -> None:
    _, found = play("2026-03-01T00:00:00;007;1")

    assert found[0].value == "007"


def test_an_empty_cell_is_a_bad_value_and_an_empty_name_is_none() -> None:
    _, found = play("2026-03-01T00:00:00;;")

    assert [(one.value, one.quality) for one in found] == [("", 0), (None, BAD)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("2026-03-01;b", "2 columns instead of 3", id="too few"),
        pytest.param("2026-03-01;b;1;2", "4 columns instead of 3", id="too many"),
        pytest.param("yesterday;b;1", "no time as iso: 'yesterday'", id="no time"),
        pytest.param("0001-01-01T00:00:00+23:00;b;1", "no time as iso", id="before all time"),
        pytest.param(b"2026-03-01;\xff;1", "not UTF-8 at byte 12", id="encoding"),
        pytest.param('2026-03-01;"b;1', "not CSV", id="an open quote"),
        pytest.param("x" * 10_000_000, "a line of 10000000 bytes; 65536 is", id="10 MB"),
    ],
)
def test_what_is_no_row_says_why_and_where(text: str | bytes, reason: str) -> None:
    cursor, (unreadable,) = play(text)

    assert isinstance(unreadable, Unreadable)
    assert unreadable.reason.startswith(reason)
    assert (unreadable.origin, unreadable.line) == ("rec.csv", 2)
    assert (cursor.line, cursor.rows, cursor.time) == (3, 0, None)


def test_time_that_runs_backwards_is_no_row_and_the_rest_goes_on() -> None:
    cursor, found = play(
        "2026-03-01T00:00:10;b;1", "2026-03-01T00:00:05;b;2", "2026-03-01T00:00:10;b;3"
    )

    (late,) = [one for one in found if isinstance(one, Unreadable)]
    assert (late.line, late.raw) == (3, b"2026-03-01T00:00:05;b;2")
    assert late.reason.startswith("time runs backwards: 2026-03-01T00:00:05+00:00 after")
    assert values(found)[1::2] == [("good", 1), ("good", 3)]
    assert cursor.rows == 2


def test_blank_lines_are_nothing() -> None:
    assert play("", "   ", "\t")[1] == []


def test_a_batch_ends_with_its_last_row() -> None:
    cursor, found = play("2026-03-01T00:00:00;a;1", "2026-03-01T00:10:00;b;2")

    ended = found[2]
    assert (ended.tag, ended.value, ended.source_time.minute) == ("batch", "", 0)
    assert values(found[3:]) == [("batch", "b"), ("good", 2)]
    (last,) = ended_batch(layout(), cursor)
    assert isinstance(last, Sample)
    assert (last.value, last.source_time.minute) == ("", 10)


def test_without_that_rule_no_empty_batch_is_invented() -> None:
    cursor, found = play("2026-03-01T00:00:00;a;1", "2026-03-01T00:10:00;b;2", ending_batch=None)

    assert [value for tag, value in values(found) if tag == "batch"] == ["a", "b"]
    assert ended_batch(layout(ending_batch=None), cursor) == []


def test_counters_that_began_at_zero() -> None:
    _, found = play("2026-03-01;a;5", "2026-03-02;a;6", counters_from_zero=["good"])

    assert [value for tag, value in values(found) if tag == "good"] == [0, 5, 6]


def test_the_repeated_hour_of_autumn_runs_forwards() -> None:
    _, found = play(
        "2026-10-25T02:30:00;a;1", "2026-10-25T02:10:00;a;2", zone=ZoneInfo("Europe/Berlin")
    )

    times = [one.source_time for one in found if one.tag == "good"]
    assert [(time.hour, time.minute) for time in times] == [(0, 30), (1, 10)]


def test_shifted_the_first_row_is_now() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    cursor, seen = advance(layout(), START, line("2026-03-01T06:00:00;a;1"), now)
    cursor = Cursor.load(cursor.dump())
    _, later = advance(layout(), cursor, line("2026-03-01T06:00:10;a;1", 3), now)

    assert isinstance(seen[0], Sample)
    assert isinstance(later[0], Sample)
    assert seen[0].source_time == now
    assert (later[0].source_time - now).total_seconds() == 10
