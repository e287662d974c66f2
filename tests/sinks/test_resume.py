"""Where a sink goes on, and when it refuses to."""

from dataclasses import replace

import pytest

from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.ports import Bounds, TopicPartition
from schemas.topics import DELIVERY, MODEL, TELEMETRY, Topic
from sinks.position import Position, position_after
from sinks.resume import Cursor, resume, verify
from tests.sinks.records import CLUSTER, FRAMES, NUMBER, frame, record

STORED = Position(10, CLUSTER, 1009, "abc")


@pytest.mark.parametrize(
    ("stored", "bounds", "cursor", "seek"),
    [
        pytest.param(None, Bounds(0, 5), Cursor(0, new=True), 0, id="a new partition"),
        pytest.param(None, Bounds(3, 5), Cursor(3, new=True), 3, id="retention was here first"),
        pytest.param(STORED, Bounds(0, 12), Cursor(10, expected=STORED), 9, id="more has come"),
        pytest.param(STORED, Bounds(9, 10), Cursor(10, expected=STORED), 9, id="nothing has come"),
        pytest.param(STORED, Bounds(10, 10), Cursor(10), 10, id="all that was stored is deleted"),
    ],
)
def test_goes_on(stored: Position | None, bounds: Bounds, cursor: Cursor, seek: int):
    found = resume(FRAMES, stored, bounds, CLUSTER)

    assert (found, found.first_read()) == (cursor, seek)


@pytest.mark.parametrize("topic", [MODEL, DELIVERY], ids=lambda topic: topic.name)
@pytest.mark.parametrize("start", [0, 9, 12])
def test_holes_of_a_compacted_log_are_no_loss(topic: Topic, start: int):
    compacted = TopicPartition(topic.name, 0)

    assert resume(compacted, STORED, Bounds(start, 12), CLUSTER) == Cursor(10)


def test_a_compacted_log_that_was_made_anew_is_refused():
    with pytest.raises(MisconfiguredError, match="the log ends at 9"):
        resume(TopicPartition(MODEL.name, 0), STORED, Bounds(0, 9), CLUSTER)


@pytest.mark.parametrize(
    ("bounds", "cluster", "what"),
    [
        pytest.param(Bounds(0, 9), CLUSTER, "the log ends at 9", id="the log was cut or made anew"),
        pytest.param(Bounds(14, 20), CLUSTER, "offsets 10 to 13 were deleted", id="deleted unread"),
        pytest.param(Bounds(0, 20), "other", "this is other", id="another cluster"),
    ],
)
def test_refuses_and_names_the_command(bounds: Bounds, cluster: str, what: str):
    with pytest.raises(MisconfiguredError) as caught:
        resume(FRAMES, STORED, bounds, cluster)

    assert what in str(caught.value)
    assert f"plantstream db accept-loss {TELEMETRY.name} {NUMBER}" in str(caught.value)


def test_the_last_stored_record_is_still_there():
    last = record(TELEMETRY, 9, frame(0))

    verify(FRAMES, position_after(last, CLUSTER), last)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"value": b"other"}, id="another value"),
        pytest.param({"timestamp_ms": 5}, id="the same bytes at another time"),
        pytest.param({"offset": 11}, id="a later offset, because it was deleted"),
    ],
)
def test_another_record_in_its_place_is_refused(change: dict[str, object]):
    last = record(TELEMETRY, 9, frame(0))

    with pytest.raises(MisconfiguredError, match="another record"):
        verify(FRAMES, position_after(last, CLUSTER), replace(last, **change))  # type: ignore[arg-type]
