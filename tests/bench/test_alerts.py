"""What precision and recall of alert rules mean, and that rules are chosen by one recording."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plantstream.commands import bench_alerts
from plantstream.commands.bench_anomalies import (
    Rule,
    Score,
    Series,
    Span,
    chosen,
    firing,
    read_series,
    score,
)

BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)


def at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def span(start: int, end: int) -> Span:
    return at(start), at(end)


def series(rows: int, *labelled: range, **values: list[float]) -> Series:
    marks = [any(row in one for one in labelled) for row in range(rows)]
    return Series([at(row) for row in range(rows)], values, marks)


def test_labelled_rows_beside_each_other_are_one_anomaly() -> None:
    found = series(10, range(2, 4), range(7, 10)).anomalies
    assert found == [span(2, 4), span(7, 10)]


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        pytest.param([], (0, 0, 0, 0), id="nothing fired"),
        pytest.param([[span(2, 4)], [span(6, 8)]], (1, 1, 1, 1), id="exactly so"),
        pytest.param([[span(3, 5)]], (1, 0.5, 0.5, 0.25), id="one, half of it"),
        pytest.param([[span(0, 2), span(2, 4)]], (0.5, 0.5, 0.5, 0.5), id="the end is no part"),
        pytest.param([[span(0, 10)]], (1, 1, 0.4, 1), id="always"),
        pytest.param([[span(2, 4)], [span(3, 4)]], (1, 0.5, 1, 0.5), id="two rules at once"),
    ],
)
def test_scores_of_two_anomalies_in_ten_rows(
    alerts: list[list[Span]], expected: tuple[float, ...]
) -> None:
    found = score(series(10, range(2, 4), range(6, 8)), alerts)
    assert (found.precision, found.recall, found.row_precision, found.row_recall) == expected


def test_scores_of_several_recordings_are_summed_and_not_averaged() -> None:
    one, other = Score(alerts=9, true_alerts=9), Score(alerts=1, true_alerts=0)
    assert (one + other).precision == 0.9


def test_rules_fire_as_the_engine_says() -> None:
    values = [0.0] * 5 + [9.0] * 4 + [0.0] * 3 + [9.0] * 2
    told = series(14, level=values)
    when = {"tag": "level", "above": 5}
    rules: list[Rule] = [
        {"when": when},
        {"when": when, "for": "2s", "keep_firing_for": "1s"},
        {"when": {"tag": "level", "above": 99}},
    ]
    assert firing(told, rules) == [[span(5, 9), span(12, 14)], [span(7, 10)], []]


def test_the_rule_that_fits_is_chosen() -> None:
    noise = [float(row * 7 % 5) for row in range(120)]
    level = [20.0 + (40 <= row < 60) for row in range(120)]
    told = series(120, range(40, 60), noise=noise, level=level)

    rules = chosen(told)

    assert len(rules) == 1
    assert "level" in rules[0]["when"].values()
    assert score(told, firing(told, rules)).row_f1 > 0.9


async def test_without_the_recordings_nothing_is_measured_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_alerts, "RECORDINGS", (tmp_path / "one.csv",))
    assert await bench_alerts.measure(tmp_path) == []
    assert "alert_precision, alert_recall: left out, there is no one.csv" in capsys.readouterr().err


@pytest.mark.skipif(
    not all(path.exists() for path in bench_alerts.RECORDINGS),
    reason="the recordings of SKAB are not at ../shared/data",
)
def test_the_recordings_are_read_as_they_are() -> None:
    found = read_series(bench_alerts.RECORDINGS[0])
    assert (len(found.at), len(found.values), sum(found.labelled)) == (1147, 8, 401)
    assert [end - start for start, end in found.anomalies] == [timedelta(seconds=420)]
