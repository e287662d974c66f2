"""A recording of the simulated plant: readable, repeatable, and true to its ledger."""

import csv
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from ingest.inputs.recording import load_recording
from plantstream.simulator.ledger import read_ledger
from plantstream.simulator.recording import simulate
from plantstream.simulator.truth import counts, intervals
from schemas.machine import TimeCategory
from schemas.plant.load import load_plant


@pytest.fixture(scope="module")
def recorded(ninu, tmp_path_factory):
    out = tmp_path_factory.mktemp("recording")
    return out, simulate((None, 0.5), 3, out, ninu)


def rows(out, equipment):
    with (out / f"{equipment}.csv").open() as opened:
        return list(csv.DictReader(opened))


def test_the_player_of_recordings_accepts_every_file(ninu, recorded):
    out, _ = recorded
    plant = load_plant((out / "plant.yaml").read_text(), "plant.yaml")
    assert plant.version == ninu.version
    for one in plant.plant.equipment:
        load_recording(out / f"{one.id}.csv", out / f"{one.id}.map.yaml", plant)


def test_a_row_comes_at_least_every_minute_and_at_every_change(ninu, recorded):
    out, written = recorded
    ledger = read_ledger(written.ledger)
    for one in ninu.plant.equipment:
        times = [datetime.fromisoformat(row["time"]) for row in rows(out, one.id)]
        assert (times[0], times[-1]) == (written.start, written.end)
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert timedelta(0) < min(gaps)
        assert max(gaps) <= timedelta(seconds=60)
        history = ledger.equipment[ninu.plant.path_of(one)]
        assert {entry.at for entry in history.stances} <= set(times)


def test_the_ledger_is_the_recordings_truth(ninu, recorded):
    out, written = recorded
    ledger = read_ledger(written.ledger)
    assert ledger.complete
    one = ninu.plant.find("station-1")
    first, *_, last = rows(out, one.id)
    path = ninu.plant.path_of(one)
    made = counts(ledger, path, ledger.start, ledger.end + timedelta(seconds=1))
    for name in ("good", "scrap", "rework"):
        assert int(last[name]) - int(first[name]) == getattr(made, name) > 0
    lost = [one for one in intervals(ledger, ninu.plant, path) if one.state is None]
    assert lost
    assert all(one.category is TimeCategory.UNKNOWN for one in lost)
    empty = {row["time"] for row in rows(out, "station-1") if not row["state"]}
    assert len(empty) >= len(lost)


def test_the_same_seed_gives_the_same_files(ninu, recorded, tmp_path):
    out, _ = recorded
    told: list[float] = []
    simulate((None, 0.5), 3, tmp_path, ninu, told.append)
    for file in sorted(out.iterdir()):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    assert told[-1] == 1.0
    simulate((None, 0.5), 4, tmp_path, ninu)
    assert (tmp_path / "ledger.jsonl").read_bytes() != (out / "ledger.jsonl").read_bytes()
