"""Secrets of the plant file."""

import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.secrets import read_secret
from schemas.plant.secrets import Secret


@pytest.mark.parametrize(
    ("written", "read"), [("abc", "abc"), ("abc\n", "abc"), ("abc\n\n", "abc\n"), (" a ", " a ")]
)
def test_a_file_is_the_secret_without_one_newline_at_its_end(tmp_path, written, read):
    (tmp_path / "token").write_text(written)

    assert read_secret(Secret(file=str(tmp_path / "token")), "here") == read


def test_a_variable_is_the_secret(monkeypatch):
    monkeypatch.setenv("TOKEN", "abc")

    assert read_secret(Secret(env="TOKEN"), "here") == "abc"


def test_a_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text("abc")

    assert read_secret(Secret(file="~/token"), "here") == "abc"


def test_a_missing_variable_is_named(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)

    with pytest.raises(MisconfiguredError, match=r"^channels\.sms\.token: .*TOKEN"):
        read_secret(Secret(env="TOKEN"), "channels.sms.token")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "no text")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, content, why):
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(MisconfiguredError, match=why) as caught:
        read_secret(Secret(file=str(file)), "here")
    assert str(file) in str(caught.value)
