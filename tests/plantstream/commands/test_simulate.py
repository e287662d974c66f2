import json
from pathlib import Path

from tests.plantstream.commands.conftest import Run


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def test_the_same_seed_gives_the_same_files_and_another_seed_others(run: Run, tmp_path: Path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        ran = run("simulate", "--days", 0.02, "--seed", seed, "--out", tmp_path / name)
        assert ran.code == 0
        assert f"what truly happened: {tmp_path / name}/ledger.jsonl" in ran.err
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_json_says_what_was_written(run: Run, tmp_path: Path):
    said = run("simulate", "--days", 0.02, "--out", tmp_path / "out", "--json").json
    assert said["rows"] > 0
    lines = Path(said["ledger"]).read_text().splitlines()
    assert all(json.loads(line) for line in lines)


def test_a_folder_with_other_files_is_left_alone(run: Run, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    ran = run("simulate", "--days", 0.02, "--out", tmp_path)
    assert ran.code == 78
    assert "choose an empty folder with --out" in ran.err
    assert list(contents(tmp_path)) == ["thesis.txt"]


def test_a_wrong_plant_file_starts_nothing(run: Run, tmp_path: Path):
    (tmp_path / "plant.yaml").write_text("enterprise: a\n")
    ran = run("simulate", "--plant", tmp_path / "plant.yaml", "--out", tmp_path / "out")
    assert ran.code == 78
    assert "equipment is missing" in ran.err
    assert not (tmp_path / "out").exists()


def test_it_begins_when_the_plants_clocks_say_so_also_as_they_are_put_forward(
    run: Run, tmp_path: Path
):
    moved = ("--begin", "2026-03-08T01:59:00", "--time-zone", "America/Tijuana")
    said = run("simulate", "--days", 0.02, *moved, "--out", tmp_path / "out", "--json").json
    assert said["start"] == "2026-03-08T09:59:00+00:00"
    assert "time_zone: America/Tijuana" in (tmp_path / "out" / "plant.yaml").read_text()
