"""The hooks run here, call `make`, and take conventional subjects only."""

import os
import subprocess
from pathlib import Path

import pytest

HOOKS = Path(__file__).parents[2] / "deploy" / "hooks"


def commit_msg(tmp_path: Path, message: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "message"
    file.write_text(message, encoding="utf-8")
    command = [str(HOOKS / "commit-msg"), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)


@pytest.mark.parametrize(
    "message",
    [
        "feat: OEE by shift\n\nWhy.\n",
        "fix(sink): a position is never skipped",
        "feat!: topics of version 2",
        "# a comment of git\ndocs: ports",
        "Merge branch 'main'",
        'Revert "feat: OEE by shift"',
    ],
)
def test_a_conventional_subject_is_taken(tmp_path, message):
    assert commit_msg(tmp_path, message).returncode == 0


@pytest.mark.parametrize(
    ("message", "said"),
    [
        pytest.param("OEE by shift", "begin with one of", id="no type"),
        pytest.param("feature: OEE", "begin with one of", id="another type"),
        pytest.param("feat:OEE", "begin with one of", id="no space"),
        pytest.param("feat: ", "begin with one of", id="nothing said"),
        pytest.param("", "begin with one of", id="empty"),
        pytest.param("feat: OEE by shift.", "no full stop", id="a full stop"),
        pytest.param("feat: " + "x" * 95, "at most 100", id="too long"),
    ],
)
def test_another_subject_is_refused_with_a_reason(tmp_path, message, said):
    refused = commit_msg(tmp_path, message)

    assert refused.returncode == 1
    assert said in refused.stderr


def test_the_hook_before_a_commit_calls_make():
    assert "make --no-print-directory --old-file=setup check" in (HOOKS / "pre-commit").read_text(
        encoding="utf-8"
    )
    assert all(os.access(hook, os.X_OK) for hook in HOOKS.iterdir())
