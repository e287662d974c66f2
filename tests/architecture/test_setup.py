"""What deploy/setup.sh says and sets, with a uv that fetches nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def set_up(home: Path, uv: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run `setup.sh python` in an empty project."""
    (home / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/setup.sh", home / "deploy/setup.sh")
    programs = home / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("uv", "pip"):
        (programs / name).write_text(f"#!/bin/sh\n{uv}\n")
        (programs / name).chmod(0o755)
    known = {name: os.environ[name] for name in ("PATH",)}
    return subprocess.run(
        ["bash", home / "deploy/setup.sh", "python"],
        env=known | {"HOME": str(home), "GIT_CEILING_DIRECTORIES": str(home.parent)} | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


@pytest.mark.parametrize(("said", "used"), [({}, "true"), ({"UV_SYSTEM_CERTS": "false"}, "false")])
def test_packages_are_fetched_with_the_authorities_of_the_system_unless_told_otherwise(
    tmp_path: Path, said: dict[str, str], used: str
) -> None:
    authority = tmp_path / "authority.pem"
    authority.touch()
    done = set_up(tmp_path, 'echo "$UV_SYSTEM_CERTS"', SSL_CERT_FILE=str(authority), **said)
    assert done.returncode == 0
    assert done.stdout.split() == [used, used]


def test_pip_believes_the_authority_that_was_named(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.touch()
    done = set_up(tmp_path, 'echo "$PIP_CERT"', SSL_CERT_FILE=str(authority))
    assert str(authority) in done.stdout


def test_packages_that_cannot_be_fetched_end_setup_with_what_to_do(tmp_path: Path) -> None:
    done = set_up(tmp_path, "echo invalid peer certificate >&2; exit 2")
    assert done.returncode == 1
    assert "invalid peer certificate" in done.stderr
    assert "SSL_CERT_FILE" in done.stderr
