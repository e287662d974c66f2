"""`lab-token` as people run it: a token is told once, and its file never holds it."""

import stat
from pathlib import Path

import pytest

from ingest.inputs.lab.tokens import lab_tokens
from tests.plantstream.commands.conftest import Run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "lab-tokens.json"


def test_a_token_is_told_once_and_kept_as_a_hash(run: Run, file: Path):
    added = run("lab-token", "add", "Ana Ruiz", "--data-dir", str(file.parent))
    run("lab-token", "add", "ph-meter-1", "--file", str(file))
    listed = run("lab-token", "list", "--file", str(file), "--json")

    (token,) = added.lines
    assert "not shown again" in added.err
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one["name"] for one in listed.json] == ["Ana Ruiz", "ph-meter-1"]
    assert lab_tokens(file).owner(token) == "Ana Ruiz"
    assert lab_tokens(file).owner(token[:-1]) is None


def test_a_removed_token_is_nobodys(run: Run, file: Path):
    token = run("lab-token", "add", "ana", "--file", str(file)).lines[0]

    assert run("lab-token", "remove", "ana", "--file", str(file)).code == 0
    assert lab_tokens(file).owner(token) is None
    assert run("lab-token", "list", "--file", str(file)).out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("add", "ana"), "has a token already", id="twice"),
        pytest.param(("add", "a/b"), "is no name of a token", id="no name"),
        pytest.param(("remove", "ben"), "no token of the name ben", id="nobody"),
    ],
)
def test_what_cannot_be_is_told(run: Run, file: Path, arguments: tuple[str, ...], said: str):
    run("lab-token", "add", "ana", "--file", str(file))

    ran = run("lab-token", *arguments, "--file", str(file))

    assert ran.code == 78
    assert said in ran.err


@pytest.mark.parametrize("text", ["", "{}", '{"tokens": [{"name": "a"}]}', "[1]", '{"tokens": 5}'])
def test_a_file_that_is_none_of_tokens_is_never_overwritten(run: Run, file: Path, text: str):
    file.parent.mkdir()
    file.write_text(text)

    ran = run("lab-token", "add", "ana", "--file", str(file))

    assert (ran.code, file.read_text()) == (78, text)
    assert "is no file of tokens" in ran.err
