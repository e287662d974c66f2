"""`plantstream ingest --dry-run`: what it says of each source."""

from pathlib import Path

import pytest

from tests.ingest.kit import PLANT
from tests.plantstream.commands.conftest import Run

LAB = """
sources:
  lab: {{type: lab, http: {{port: 28090}}, folder: {{path: {folder}}}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(PLANT + LAB.format(folder=tmp_path / "results"))
    return path


def test_a_dry_run_says_what_a_laboratory_would_take(run: Run, file: Path, tmp_path: Path) -> None:
    ran = run("ingest", "--plant", file, "--data-dir", tmp_path, "--dry-run")

    assert ran.code == 0, ran.err
    said = " ".join(ran.err.split())
    assert "source lab: would listen on http://127.0.0.1:28090" in said
    assert "nobody has a token yet" in said
    assert f"would take the files of {tmp_path / 'results'}, which would be made" in said
    assert "not opened in a dry run" in said
    assert not (tmp_path / "results").exists()


def test_a_dry_run_counts_the_tokens(run: Run, file: Path, tmp_path: Path) -> None:
    given = run("lab-token", "add", "Ana", "--data-dir", tmp_path)
    assert given.code == 0, given.err

    ran = run("ingest", "--plant", file, "--data-dir", tmp_path, "--dry-run")

    assert f"tokens in {tmp_path / 'lab-tokens.json'}: 1" in " ".join(ran.err.split())


BROKER = """
sources:
  broker: {type: mqtt, broker: "mqtts://b", user: edge, password: {env: BROKER_WORD}}
"""


def test_a_dry_run_says_where_a_password_is_kept_and_not_what_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_WORD", "open-sesame")
    path = tmp_path / "plant.yaml"
    path.write_text(PLANT + BROKER)

    ran = run("ingest", "--plant", path, "--data-dir", tmp_path, "--dry-run")

    assert ran.code == 0, ran.err
    assert "password: the variable BROKER_WORD" in " ".join(ran.err.split())
    assert "sesame" not in ran.out + ran.err


def test_a_dry_run_of_a_file_without_sources_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text(PLANT)

    ran = run("ingest", "--plant", path, "--data-dir", tmp_path, "--dry-run")

    assert ran.code == 78
    assert "there is nothing to read" in " ".join(ran.err.split())
