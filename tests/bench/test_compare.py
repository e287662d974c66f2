"""Two files of benchmarks are compared by ratios, each in its own direction."""

from pathlib import Path

import pytest

from plantstream.commands.bench import write
from plantstream.commands.bench_compare import changes, read
from plantstream.commands.bench_figure import AIMS, Row
from plantstream.runtime.errors import MisconfiguredError

LESS_IS_BETTER, MORE_IS_BETTER = "replay_s", "sink_ratio"


def row(name: str, ratio: float | None) -> Row:
    aim = AIMS[name]
    return Row(
        id=name,
        value=ratio or 0,
        unit=aim.unit,
        reference=1,
        ratio=ratio,
        target=aim.target,
        met=True,
    )


@pytest.mark.parametrize(
    ("name", "before", "after", "is_worse"),
    [
        pytest.param(LESS_IS_BETTER, 4.0, 4.7, False, id="a little slower is noise"),
        pytest.param(LESS_IS_BETTER, 4.0, 5.0, True, id="slower"),
        pytest.param(LESS_IS_BETTER, 4.0, 2.0, False, id="faster"),
        pytest.param(MORE_IS_BETTER, 0.8, 0.6, True, id="less of the reference"),
        pytest.param(MORE_IS_BETTER, 0.6, 0.8, False, id="more of the reference"),
    ],
)
def test_a_ratio_that_is_worse_by_a_fifth_is_named(
    name: str, before: float, after: float, is_worse: bool
):
    (found,) = changes({name: row(name, before)}, {name: row(name, after)})
    assert found["is_worse"] is is_worse


def test_of_what_one_file_lacks_or_has_no_ratio_of_nothing_is_said():
    before = {LESS_IS_BETTER: row(LESS_IS_BETTER, None), MORE_IS_BETTER: row(MORE_IS_BETTER, 1)}
    assert changes(before, {LESS_IS_BETTER: row(LESS_IS_BETTER, 2)}) == []


def test_a_file_is_read_as_it_was_written(tmp_path: Path):
    file = tmp_path / "bench.json"
    write([row(LESS_IS_BETTER, 2)], file)
    assert read(file) == {LESS_IS_BETTER: row(LESS_IS_BETTER, 2)}


def test_another_file_is_refused_with_its_name(tmp_path: Path):
    file = tmp_path / "other.json"
    file.write_text("{}")
    with pytest.raises(
        MisconfiguredError, match=r"other\.json is not written by plantstream bench"
    ):
        read(file)
