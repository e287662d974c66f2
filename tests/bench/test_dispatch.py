"""What the benchmark of the dispatcher tells it is what it says it measures."""

import pytest

from plantstream.commands import bench_dispatch
from plantstream.commands.bench_dispatch import measure, plant_file, plant_file_version, storm


def test_the_storm_is_as_large_as_it_is_called():
    found = storm()

    assert len(found) == 10_000
    assert len({one.alert_id() for one in found}) == 1_000
    assert len({one.labels["alertname"] for one in found}) == 10
    assert (found[-1].at - found[0].at).total_seconds() < 5
    assert plant_file().version == plant_file_version()


@pytest.mark.slow
async def test_it_measures_both_figures(tmp_path, monkeypatch):
    for name, smaller in {"OPEN": 200, "SILENCES": 20, "EVENTS": 20, "ROUNDS": 1}.items():
        monkeypatch.setattr(bench_dispatch, name, smaller)

    figures = await measure(tmp_path)
    assert [one.id for one in figures] == ["dispatch_storm_s", "dispatch_event_us"]
    assert all(one.value > 0 and one.reference > 0 for one in figures)
