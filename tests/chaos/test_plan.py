"""What is left to run is what the file of results does not hold yet."""

from dataclasses import replace

import pytest

from tests.chaos.parts import Setting
from tests.chaos.plan import PER_FACTORY, Run, Wanted, by_factory, missing
from tests.chaos.rows import ROWS
from tests.chaos.test_proof import RIGHT

OLDER = replace(RIGHT, seed=0, commit="older")
THIS = replace(RIGHT, seed=2, commit="this")


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param(Wanted(["kill-sink"], 3, commit="this"), [0, 1], id="runs of this commit"),
        pytest.param(Wanted(["kill-sink"], 3), [1], id="runs of any commit"),
        pytest.param(Wanted(["kill-sink"], 2), [], id="there are enough"),
        pytest.param(Wanted(["kill-sink"], 2, first_seed=2), [3], id="from a seed on"),
        pytest.param(Wanted(["kill-oee"], 2), [0, 1], id="another row"),
    ],
)
def test_what_stands_in_the_file_is_not_run_again(wanted: Wanted, left: list[int]):
    plan = missing(wanted, [OLDER, THIS])
    assert plan == [(wanted.rows[0], seed) for seed in left]


def test_without_a_number_it_is_as_many_as_the_table_says():
    assert len(missing(Wanted(["kill-sink"]), [OLDER])) == ROWS["kill-sink"].runs - 1


def test_runs_of_one_setting_share_a_factory_up_to_a_limit():
    usual = [("kill-sink", seed) for seed in range(PER_FACTORY + 1)]
    native: list[Run] = [("database-read-only-30s", 0)]
    assert list(by_factory([*usual, *native])) == [usual[:-1], usual[-1:], native]
    assert ROWS["database-read-only-30s"].setting is Setting.NATIVE


def test_what_went_wrong_is_run_again_once_somebody_says_why():
    wrong = replace(OLDER, ok=False, why="lost")
    assert missing(Wanted(["kill-sink"], 2), [wrong, THIS]) == []
    known = replace(wrong, run_again="`this` mended it")
    assert missing(Wanted(["kill-sink"], 2), [known, THIS]) == [("kill-sink", 0)]
