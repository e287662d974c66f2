"""`plantstream rules export`: files, stdout, JSON, and what is left to the stream."""

from pathlib import Path

from tests.plantstream.commands.conftest import Run

NINU = "deploy/plants/ninu/plant.yaml"
FILES = {
    *("factory_alerts.yml", "quality_alerts.yml", "infrastructure_alerts.yml"),
    *("pipeline_alerts.yml", "recording.yml"),
}


def test_files_are_written_where_they_shall_be(run: Run, tmp_path: Path):
    ran = run("rules", "export", "--plant", NINU, "--out", str(tmp_path / "rules"))

    assert (ran.code, ran.out) == (0, "")
    assert {file.name for file in (tmp_path / "rules").iterdir()} == FILES
    assert "TagSilent is left to the stream" in ran.err


def test_without_a_folder_they_are_shown(run: Run):
    ran = run("rules", "export", "--plant", NINU, "--runbooks", "https://wiki.example/")

    assert ran.code == 0
    assert "alert: LowFactoryEfficiency" in ran.out
    assert "https://wiki.example/LowFactoryEfficiency.md" in ran.out


def test_json_has_files_and_what_is_left_out(run: Run):
    told = run("rules", "export", "--plant", NINU, "--json").json

    assert told["files"].keys() == FILES
    assert told["left_out"] == ["TagSilent"]


def test_a_plant_file_with_mistakes_is_refused(run: Run, tmp_path: Path):
    file = tmp_path / "plant.yaml"
    file.write_text("enterprise: acme\n")

    ran = run("rules", "export", "--plant", str(file))

    assert ran.code == 78
    assert "site" in ran.err
