"""Another time, for demos."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plantstream.runtime import clock

THEN = datetime(2026, 3, 8, 9, 59, tzinfo=UTC)


@pytest.fixture
def real_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(clock.SHIFT, "")
    yield
    monkeypatch.undo()
    clock._shift.cache_clear()


@pytest.mark.usefixtures("real_time")
def test_the_clock_goes_on_from_the_moment_that_was_asked_for():
    clock.begin_at(THEN)
    assert clock.is_shifted()
    assert timedelta() <= clock.now() - THEN < timedelta(seconds=10)


def test_without_being_asked_it_is_the_time_of_the_system(tmp_path: Path):
    assert not clock.is_shifted()
    (tmp_path / "file").touch()
    written = datetime.fromtimestamp((tmp_path / "file").stat().st_mtime, UTC)
    assert abs(clock.now() - written) < timedelta(seconds=2)
