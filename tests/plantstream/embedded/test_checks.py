"""Refusals: each says what is wrong and what to do."""

import stat
from pathlib import Path

import pytest

from plantstream.embedded import checks
from plantstream.embedded.errors import RefusedError
from plantstream.embedded.places import cache_dir, default_data_dir


def fake(directory: Path, name: str, says: str) -> dict[str, str]:
    """An environment in which the program says this about its version."""
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(directory)}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param('openjdk version "17.0.15" 2025-04-15', 17, id="seventeen"),
        pytest.param('java version "1.8.0_202"', 8, id="the old way of counting"),
        pytest.param('openjdk version "25" 2025-09-16', 25, id="without minor"),
        pytest.param("no such thing", None, id="something else"),
    ],
)
def test_java_versions_are_read(text: str, version: int | None) -> None:
    assert checks.java_version(text) == version


@pytest.mark.parametrize(("text", "version"), [("v20.20.2\n", 20), ("v8.1.0", 8), ("?", None)])
def test_node_versions_are_read(text: str, version: int | None) -> None:
    assert checks.node_version(text) == version


async def test_missing_programs_are_named_with_the_way_to_install_them(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path)}
    with pytest.raises(RefusedError, match=r"java was not found: install Java 17"):
        await checks.require_java(env)
    with pytest.raises(RefusedError, match=r"node was not found: install Node\.js 18"):
        await checks.require_node(env)
    with pytest.raises(RefusedError, match="mvn was not found: install Maven"):
        checks.require_maven(env)
    with pytest.raises(RefusedError, match="npm was not found: install npm"):
        checks.require_npm(env)


async def test_old_programs_are_refused_with_their_version(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="java is version 11: install Java 17"):
        await checks.require_java(fake(tmp_path, "java", 'openjdk version "11.0.2"'))
    with pytest.raises(RefusedError, match="node is version 16: install Node"):
        await checks.require_node(fake(tmp_path, "node", "v16.1.0"))


async def test_the_java_of_java_home_goes_first(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    fake(tmp_path / "bin", "java", 'openjdk version "21.0.1"')
    found = await checks.require_java({"JAVA_HOME": str(tmp_path), "PATH": ""})
    assert found == str(tmp_path / "bin" / "java")


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match=r"Cannot write to .*file/below .*--data-dir"):
        checks.require_usable_dir(tmp_path / "file" / "below")


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "FREE_BYTES", 2**60)
    with pytest.raises(RefusedError, match=r"Only \d+ MiB are free .*make room"):
        checks.require_usable_dir(tmp_path)


@pytest.mark.parametrize(
    ("env", "directory"),
    [
        pytest.param({"PLANTSTREAM_DATA_DIR": "/d"}, "/d", id="ours"),
        pytest.param({"XDG_STATE_HOME": "/s"}, "/s/plantstream", id="the desktop's"),
        pytest.param({"XDG_STATE_HOME": "s"}, "~/.local/state/plantstream", id="not absolute"),
        pytest.param({}, "~/.local/state/plantstream", id="nothing set"),
    ],
)
def test_data_goes_where_it_was_told_to(env: dict[str, str], directory: str) -> None:
    assert default_data_dir(env) == Path(directory).expanduser()


def test_the_cache_follows_the_desktop(tmp_path: Path) -> None:
    assert cache_dir({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "plantstream"
