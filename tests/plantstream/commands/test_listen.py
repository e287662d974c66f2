"""`--listen` of every service: what others could reach is refused without a token."""

import json
from pathlib import Path

import pytest

from tests.ingest.kit import PLANT
from tests.plantstream.commands.conftest import Run

SERVICES = ("ingest", "process", "sink", "notify", "metrics")
OF_A_SITE = {"ingest", "notify", "metrics"}
TOKEN = "0123456789abcdef0123456789abcdef"


def words(service: str, plant: Path) -> list[str]:
    plant.write_text(PLANT)
    return [service, *(["--plant", str(plant)] if service in OF_A_SITE else [])]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_others_reach_does_not_start_without_a_token(
    run: Run, tmp_path: Path, service: str
):
    ran = run(*words(service, tmp_path / "plant.yaml"), "--listen", "0.0.0.0")

    assert ran.code == 78
    (line,) = ran.err.splitlines()
    told = json.loads(line)
    assert told["service"] == service
    assert "PLANTSTREAM_HTTP_TOKEN_FILE" in told["reason"]


@pytest.mark.parametrize("service", SERVICES)
def test_the_token_of_a_file_is_the_one_that_guards(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str
):
    started: list[tuple[object, ...]] = []

    def noted(*told: object) -> int:
        started.append(told)
        return 0

    monkeypatch.setattr("plantstream.runtime.service.run_service", noted)
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    monkeypatch.setenv("PLANTSTREAM_HTTP_TOKEN_FILE", str(file))

    ran = run(*words(service, tmp_path / "plant.yaml"), "--listen", "0.0.0.0")

    assert ran.code == 0
    ((name, _, listen, _, token),) = started
    assert (name, listen, token) == (service, "0.0.0.0", TOKEN)


def test_a_file_of_a_token_that_is_not_there_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PLANTSTREAM_HTTP_TOKEN_FILE", str(tmp_path / "none"))

    ran = run("process", "--listen", "0.0.0.0")

    assert ran.code == 78
    assert "PLANTSTREAM_HTTP_TOKEN_FILE" in ran.err


def test_all_that_up_starts_stays_on_loopback(run: Run):
    ran = run("up", "--listen", "0.0.0.0")

    assert ran.code == 2
    assert "No such option" in ran.err
