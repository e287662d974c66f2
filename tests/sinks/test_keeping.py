"""The daily look for old records: when it comes, and what it tells of itself."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from plantstream.runtime.errors import UnavailableError
from sinks.keeping import KeepingTime, keep_records

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """One look."""

    deleted_records: int = 0
    held_records: int = 0


class Looks:
    """Looks that fail or not, on a clock that moves while the loop sleeps; then the loop ends."""

    def __init__(self, *outcomes: Found | UnavailableError) -> None:
        self.registry = CollectorRegistry()
        self.at: list[timedelta] = []
        self._outcomes = list(outcomes)
        self._now = START

    async def run(self, now: datetime) -> Found:
        self.at.append(now - START)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, UnavailableError):
            raise outcome
        return outcome

    async def sleep(self, seconds: float) -> None:
        if not self._outcomes:
            raise asyncio.CancelledError
        self._now += timedelta(seconds=seconds)

    async def all(self) -> None:
        time = KeepingTime(lambda: self._now, self.sleep)
        with pytest.raises(asyncio.CancelledError):
            await keep_records(self.run, time, self.registry)

    def told(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"plantstream_sink_{name}")


AWAY = UnavailableError("the database is away")


async def test_before_the_first_look_succeeds_the_start_is_told():
    looks = Looks(AWAY, AWAY)
    await looks.all()

    assert looks.at == [timedelta(minutes=10), timedelta(minutes=20)]
    assert looks.told("retention_timestamp_seconds") == START.timestamp()


async def test_then_the_newest_look_that_succeeded_is_told():
    looks = Looks(Found(deleted_records=2), Found(deleted_records=1, held_records=3), AWAY)
    await looks.all()

    newest = START + timedelta(minutes=10, days=1)
    assert looks.told("retention_timestamp_seconds") == newest.timestamp()
    assert looks.told("records_deleted_total") == 3
    assert looks.told("records_held") == 3
