"""Services look for garbage seldom."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from plantstream.runtime.garbage import collect_seldom
from schemas.codec import decode, encode
from schemas.record import EventId
from schemas.telemetry import Column, TelemetryFrame
from schemas.topics import TELEMETRY

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FRAME = TelemetryFrame(
    id=EventId(source="bench/edge", epoch="e", seq=0),
    plant_version="v",
    source_time=NOON,
    ingest_time=NOON,
    equipment="bench/hall/a/l/press",
    columns=[Column(tag=f"t{number}", offset_ms=[0], numbers=[1.5]) for number in range(20)],
)


@pytest.fixture
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())


@pytest.mark.usefixtures("_thresholds")
def test_a_batch_of_frames_is_read_without_a_look_for_garbage() -> None:
    collect_seldom()
    value, before = encode(FRAME), collections()
    held = [decode(TELEMETRY, value) for _ in range(200)]
    assert collections() == before
    assert len(held) == 200


@pytest.mark.usefixtures("_thresholds")
def test_what_refers_to_itself_is_still_found() -> None:
    collect_seldom()
    before = collections()
    for _ in range(100_000):
        itself: list[object] = []
        itself.append(itself)
    assert collections() > before
