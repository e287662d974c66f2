"""Secrets are read from files and variables, and no text ever says what one is."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.secrets import MOST_BYTES, place_of, read_secret
from schemas.plant.secrets import Secret

WHERE = "password of source plc"
WORD = "open-sesame"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "word"
    path.touch(mode=0o600)
    return path


@pytest.mark.parametrize(
    ("held", "found"),
    [
        pytest.param("word", "word", id="as it is"),
        pytest.param("word\n", "word", id="with an editor's newline"),
        pytest.param("word\r\n", "word", id="with another editor's newline"),
        pytest.param("word\n\n", "word\n", id="one newline only"),
        pytest.param(" wörd ", " wörd ", id="with spaces"),
    ],
)
def test_a_secret_is_what_the_file_or_the_variable_holds(
    file: Path, monkeypatch: pytest.MonkeyPatch, held: str, found: str
) -> None:
    file.write_bytes(held.encode())
    monkeypatch.setenv("PLC_WORD", held)

    assert read_secret(Secret(file=str(file)), WHERE) == found
    assert read_secret(Secret(env="PLC_WORD"), WHERE) == found


def test_a_changed_file_is_read_anew(file: Path) -> None:
    secret = Secret(file=str(file))
    file.write_text("old")
    assert read_secret(secret, WHERE) == "old"
    file.write_text("new")
    assert read_secret(secret, WHERE) == "new"


def test_a_tilde_is_the_home(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    file.write_text(WORD)
    assert read_secret(Secret(file="~/word"), WHERE) == WORD


@pytest.mark.parametrize(
    ("held", "said"),
    [
        pytest.param(b"", "is empty: write it there", id="empty"),
        pytest.param(b"\n", "is empty: write it there", id="a newline alone"),
        pytest.param(WORD.encode() + b"\xff", "is no text in UTF-8: write it there", id="no text"),
        pytest.param(b"x" * (MOST_BYTES + 1), "is it the right one?", id="too long"),
    ],
)
def test_a_file_that_holds_no_secret_is_told(file: Path, held: bytes, said: str) -> None:
    file.write_bytes(held)

    with pytest.raises(MisconfiguredError) as caught:
        read_secret(Secret(file=str(file)), WHERE)

    assert str(caught.value).startswith(f"{WHERE}: the file {file}")
    assert said in str(caught.value)
    assert WORD not in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"nowhere cannot be read \(No such file.*put it"):
        read_secret(Secret(file=str(tmp_path / "nowhere")), WHERE)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "other"
    make(path)
    with pytest.raises(MisconfiguredError, match="is no file: correct file"):
        read_secret(Secret(file=str(path)), WHERE)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        pytest.param(None, "PLC_WORD is missing: set it in the environment", id="missing"),
        pytest.param("", "PLC_WORD is empty: set PLC_WORD and start again", id="empty"),
    ],
)
def test_a_variable_without_a_secret_is_told(
    monkeypatch: pytest.MonkeyPatch, held: str | None, said: str
) -> None:
    monkeypatch.delenv("PLC_WORD", raising=False)
    if held is not None:
        monkeypatch.setenv("PLC_WORD", held)

    with pytest.raises(MisconfiguredError, match=f"{WHERE}: the variable {said}"):
        read_secret(Secret(env="PLC_WORD"), WHERE)


@pytest.mark.parametrize("others", [stat.S_IRGRP, stat.S_IROTH, stat.S_IRGRP | stat.S_IROTH])
def test_a_file_that_others_may_read_is_told_once(file: Path, others: int) -> None:
    file.write_text(WORD)
    secret = Secret(file=str(file))
    with capture_logs() as logged:
        read_secret(secret, WHERE)
        assert not logged
        file.chmod(0o600 | others)
        assert [read_secret(secret, WHERE), read_secret(secret, WHERE)] == [WORD, WORD]

    (told,) = logged
    assert (told["log_level"], told["file"], told["of"]) == ("warning", str(file), WHERE)
    assert WORD not in str(logged)


def test_a_place_is_told_in_words() -> None:
    assert place_of(Secret(env="PLC_WORD")) == "the variable PLC_WORD"
    assert place_of(Secret(file="/run/word")) == "the file /run/word"


@pytest.mark.parametrize("given", [{}, {"file": "x", "env": "X"}])
def test_a_secret_has_one_place(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="the secret itself never here"):
        Secret(**given)
