"""Files of commands: what cannot be read or written is told in one sentence."""

from pathlib import Path

import pytest
import typer

from plantstream.commands.given_files import writing
from tests.plantstream.commands.conftest import Run

BAD = "FILE"
NINU = Path("deploy/plants/ninu/plant.yaml").resolve()
COMMANDS = [
    pytest.param(["up", "--plant", BAD], id="up"),
    pytest.param(["demo", "--plant", BAD], id="demo"),
    pytest.param(["replay", "rows.csv", "--map", "map.yaml", "--plant", BAD], id="replay"),
    pytest.param(["alerts", "test", BAD, "--events", "rows.csv"], id="alerts test"),
    pytest.param(["alerts", "route", "--plant", BAD, "alertname=Hot"], id="alerts route"),
    pytest.param(["check", BAD], id="check"),
    pytest.param(["apply", BAD, "--as", "Ana", "--reason", "why"], id="apply"),
    pytest.param(["calendar", "show", "--plant", BAD], id="calendar show"),
    pytest.param(["oncall", "show", "--offline", "--plant", BAD], id="oncall show"),
    pytest.param(["rules", "export", "--plant", BAD], id="rules export"),
    pytest.param(["simulate", "--days", "1", "--out", "out", "--plant", BAD], id="simulate"),
    pytest.param(["ingest", "--plant", BAD], id="ingest"),
    pytest.param(["notify", "--plant", BAD], id="notify"),
    pytest.param(["metrics", "--plant", BAD], id="metrics"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands run, with a recording and its map."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("time,speed\n")
    (tmp_path / "map.yaml").write_text("equipment: press\n")
    return tmp_path


def given(words: list[str], file: Path) -> list[str]:
    return [str(file) if word == BAD else word for word in words]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_plant_file_that_is_not_there_is_wrong_usage(run: Run, folder: Path, words: list[str]):
    ran = run(*given(words, folder / "none.yaml"))

    assert ran.code == 2
    assert "none.yaml" in ran.err
    assert "does not exist" in ran.err


@pytest.mark.parametrize("words", COMMANDS)
def test_a_folder_in_place_of_a_plant_file_is_wrong_usage(run: Run, folder: Path, words: list[str]):
    ran = run(*given(words, folder))

    assert ran.code == 2
    assert "is a directory" in ran.err


@pytest.mark.parametrize("words", COMMANDS)
def test_a_plant_file_that_is_no_utf_8_is_told_with_its_place(
    run: Run, folder: Path, words: list[str]
):
    file = folder / "latin.yaml"
    file.write_bytes("enterprise: acme\nsite: Peñón\n".encode("latin-1"))
    ran = run(*given(words, file))

    assert ran.code == 78
    assert f"{file}:2:9: no UTF-8; save the file as UTF-8" in ran.err.replace("\n", "")


def test_a_replay_without_a_plant_file_beside_its_map_says_so(run: Run, folder: Path):
    ran = run("replay", folder / "rows.csv", "--map", folder / "map.yaml")

    assert ran.code == 78
    told = f"the plant file {folder / 'plant.yaml'} cannot be read: No such file or directory"
    assert told in ran.err.replace("\n", "")


def test_a_folder_in_place_of_a_map_is_wrong_usage(run: Run, folder: Path):
    ran = run("replay", folder / "rows.csv", "--map", folder)

    assert ran.code == 2
    assert "is a directory" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["rules", "export", "--plant", NINU, "--out"], id="rules export"),
        pytest.param(["simulate", "--days", "0.01", "--plant", NINU, "--out"], id="simulate"),
    ],
)
def test_a_folder_that_cannot_be_written_is_wrong_usage(run: Run, folder: Path, words: list[str]):
    ran = run(*words, folder / "rows.csv" / "out")

    assert ran.code == 2
    assert "cannot be written: Not a directory" in ran.err


def test_a_picture_that_cannot_be_written_is_wrong_usage(folder: Path):
    picture = folder / "none" / "a.svg"
    told = r"a\.svg cannot be written: No such file"
    with pytest.raises(typer.BadParameter, match=told), writing(picture, "--plot"):
        picture.write_text("<svg/>")
