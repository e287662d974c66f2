"""The page of the proof says what the runs gave, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.proof import PAGE, RESULTS, page
from tests.chaos.result import Result, add, read
from tests.chaos.rows import ROWS

RIGHT = Result(
    row="kill-sink",
    commit="abc",
    seed=1,
    started="2026-11-22T05:00:00+00:00",
    seconds=17.5,
    lost=0,
    repeated=0,
    missing_pages=0,
    wrong=0,
    recovery_s=5.5,
    ok=True,
)


def line_of(row: str, results: list[Result]) -> str:
    return next(line for line in page(results).splitlines() if line.startswith(f"| `{row}`"))


def test_the_page_is_written_out_of_the_results():
    if not RESULTS.exists():
        pytest.skip("no runs have been kept yet")
    assert PAGE.read_text() == page(read(RESULTS))


def test_a_row_tells_its_runs_its_sums_and_its_worst():
    slow = replace(RIGHT, seed=2, lost=3, recovery_s=16.0, ok=False, why="lost", anew=["sink"])
    told = line_of("kill-sink", [RIGHT, slow])
    assert "| 2 (30) | 3 | 0 | 0 | 0 | 16.0 s | 16.0 s | 15 s | - | - | 1 | 1 of 2 |" in told


def test_where_a_broker_was_away_it_tells_when_all_went_on():
    run = replace(RIGHT, row="broker-killed-60s", recovery_s=40.0, resumed_s=3.5)
    assert "| 40.0 s | 40.0 s | 75 s | 3.5 s | 15 s | 0 | 1 of 1 |" in line_of(
        "broker-killed-60s", [run]
    )


def test_a_row_that_was_not_run_says_so():
    assert line_of("kill-oee", [RIGHT]).endswith("| not run |")


def test_a_run_that_was_not_ok_is_named_with_its_seed():
    bad = replace(RIGHT, seed=7, ok=False, why="it took longer than 15 s")
    told = "- `kill-sink`, seed 7, `abc`: it took longer than 15 s"
    assert told in page([bad])
    assert "0 ok, with 0 things lost, repeated, missing or wrong; 1 not ok." in page([bad])

    known = replace(bad, run_again="`def` mended it")
    assert f"{told}; run again: `def` mended it" in page([known, RIGHT])
    assert "1 ok, with 0 things lost, repeated, missing or wrong; 1 not ok." in page([known, RIGHT])


def test_results_are_added_one_by_one(tmp_path: Path):
    file = tmp_path / "build" / "chaos.json"
    add(file, RIGHT)
    add(file, replace(RIGHT, seed=2))
    assert [one.seed for one in read(file)] == [1, 2]


def test_every_row_says_what_it_does_and_how_often():
    assert all(row.says and row.runs > 0 and row.within_s > 0 for row in ROWS.values())
