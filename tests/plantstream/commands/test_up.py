"""`up` says what messages need before it starts anything."""

from pathlib import Path

import pytest

from schemas.plant.load import load_plant
from schemas.plant.secrets import Secret
from tests.plantstream.commands.conftest import Run

NINU = Path("deploy/plants/ninu/plant.yaml")


def variables() -> set[str]:
    plant = load_plant(NINU.read_text(encoding="utf-8"), str(NINU)).plant
    named = [value for channel in plant.channels.values() for _, value in channel]
    return {one.env for one in named if isinstance(one, Secret) and one.env}


def test_all_secrets_that_are_missing_are_told_at_once_and_nothing_starts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NINU_HOOK_KEY", "k")

    ran = run("up", "--plant", str(NINU), "--data-dir", str(tmp_path / "data"))

    assert ran.code == 78
    for name in variables() - {"NINU_HOOK_KEY"}:
        assert f"the variable {name} is missing" in ran.err
    assert "channels.sms.token" in ran.err
    assert "NINU_HOOK_KEY" not in ran.err
    assert not (tmp_path / "data").exists()
