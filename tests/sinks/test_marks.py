"""Repeats are left out by source, epoch, topic and key; holes are counted."""

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from schemas.record import ONCE
from schemas.site import SourceHeartbeat
from schemas.topics import KPI, MACHINE, SITE, TELEMETRY
from sinks.marks import KnownMarks, Mark, marks_of, without_repeats
from tests.sinks.records import batch, cell, counted, frame, of_site


@pytest.mark.parametrize(
    ("mark", "seqs", "kept", "repeats", "holes"),
    [
        pytest.param(None, [0, 1, 2], [0, 1, 2], 0, 0, id="the first events of a source"),
        pytest.param(1, [2, 3], [2, 3], 0, 0, id="the next ones"),
        pytest.param(3, [2, 3, 4], [4], 2, 0, id="a publisher that was killed sends again"),
        pytest.param(None, [0, 1, 0, 1, 2], [0, 1, 2], 2, 0, id="a repeat within the batch"),
        pytest.param(1, [5], [5], 0, 3, id="three never arrived"),
        pytest.param(None, [2], [2], 0, 2, id="the spool dropped the oldest"),
    ],
)
def test_marks(mark: int | None, seqs: list[int], kept: list[int], repeats: int, holes: int):
    events = batch(TELEMETRY, [frame(seq) for seq in seqs]).events
    (name,) = marks_of(events)

    fresh = without_repeats(events, {} if mark is None else {name: mark})

    assert [event.value.id.seq for event in fresh.events] == kept
    assert (fresh.repeats, fresh.holes) == (repeats, holes)
    assert fresh.marks == {name: kept[-1]}


def test_topics_and_epochs_count_by_themselves():
    events = (
        *batch(TELEMETRY, [frame(0), frame(0, epoch="e2")]).events,
        *batch(MACHINE, [counted(0)]).events,
    )

    fresh = without_repeats(events, {})

    assert (len(fresh.events), fresh.repeats, len(fresh.marks)) == (3, 0, 3)


def test_heartbeats_that_never_arrived_are_no_loss():
    events = batch(SITE, [beat(seq) for seq in (7, 9, 9)]).events

    fresh = without_repeats(events, {})

    assert (len(fresh.events), fresh.repeats, fresh.holes) == (2, 1, 0)


def beat(seq: int) -> SourceHeartbeat:
    return SourceHeartbeat(**of_site(seq), edge="edge", name="plc", connected=True)


def test_facts_pass_because_the_newest_replaces():
    events = batch(KPI, [cell(0), cell(0)]).events

    assert without_repeats(events, {}).events == list(events)


@given(st.lists(st.integers(0, 5), max_size=8), st.lists(st.integers(1, 4), max_size=20))
def test_however_often_it_is_sent_again_every_event_counts_once(
    steps_back: list[int], cuts: list[int]
):
    sent: list[int] = list(range(6))
    for back in steps_back:
        sent += range(max(0, len(set(sent)) - back), len(set(sent)) + 2)
    kept: list[int] = []
    marks: dict[Mark, int] = {}
    for part in _parts(sent, cuts):
        fresh = without_repeats(batch(TELEMETRY, [frame(seq) for seq in part]).events, marks)
        kept += [event.value.id.seq for event in fresh.events]
        marks |= fresh.marks

    assert kept == sorted(set(sent))


def _parts(sent: Sequence[int], cuts: Sequence[int]) -> list[Sequence[int]]:
    parts, at = [], 0
    for size in (*cuts, len(sent)):
        parts.append(sent[at : at + size])
        at += size
    return [part for part in parts if part]


def test_runs_of_commands_leave_no_marks_because_they_send_nothing_twice():
    said = [frame(seq, epoch=f"{ONCE}{number}") for number in range(50) for seq in range(2)]
    events = batch(TELEMETRY, said).events

    fresh = without_repeats(events, {})

    assert not marks_of(events)
    assert (len(fresh.events), fresh.repeats, fresh.holes, fresh.marks) == (100, 0, 0, {})


def test_marks_are_known_while_batches_follow_each_other():
    known, first = KnownMarks(), batch(TELEMETRY, [frame(0), frame(1)])
    (mark,) = marks_of(first.events)
    assert known.of(first.spans, first.events) == {}
    known.stored(first.spans, first.events, {mark: 1})

    following = batch(TELEMETRY, [frame(2), frame(7, epoch="e2")], begin=2)
    assert known.of(following.spans, following.events) == {mark: 1}
    elsewhere = batch(TELEMETRY, [frame(3)], begin=3)
    assert known.of(elsewhere.spans, elsewhere.events) == {}


def test_what_was_known_before_another_writer_came_is_forgotten():
    known, first = KnownMarks(), batch(TELEMETRY, [frame(0)])
    (mark,) = marks_of(first.events)
    known.stored(first.spans, first.events, {mark: 0})
    later = batch(TELEMETRY, [frame(5, epoch="e2")], begin=5)
    (newer,) = marks_of(later.events)
    known.stored(later.spans, later.events, {newer: 5})

    again = batch(TELEMETRY, [frame(9), frame(6, epoch="e2")], begin=6)
    assert known.of(again.spans, again.events) == {newer: 5}


def test_no_more_is_remembered_than_was_agreed():
    known, first = KnownMarks(at_most=1), batch(TELEMETRY, [frame(0), frame(0, epoch="e2")])
    known.stored(first.spans, first.events, dict.fromkeys(marks_of(first.events), 0))
    second = batch(TELEMETRY, [frame(1)], begin=2)
    known.stored(second.spans, second.events, {})

    third = batch(TELEMETRY, [frame(2)], begin=3)
    assert known.of(third.spans, third.events) == {}
