"""What holds of all rules: repeats, ticks, batches and restarts change nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from schemas.alerts import AlertTransition
from tests.processors.rules.telling import Run, Sayer, plant

PLANT = plant(
    """
    - {alert: Hot, when: {tag: temperature, above: 80, deadband: 2}, for: 5s, keep_firing_for: 3s,
       severity: warning, ladder: [{after: 10s, severity: critical}], summary: hot}
    - {alert: Fast, when: {rate_of: temperature, above: 15, per: 10s}, severity: info,
       summary: fast}
    - {alert: Off, when: {deviation_of: temperature, target: setpoint, by: 10}, for: 2s,
       severity: info, summary: off, missing: ok}
    - {alert: Mode, when: {tag: mode, equals: hand}, severity: info, summary: mode, flapping: 2}
    - {alert: Quiet, when: {absent: temperature, after: 20s}, severity: info, summary: quiet}
    - {alert: Dead, when: {absent: equipment, after: 15s}, severity: info, summary: dead}
    - {alert: Stands, when: {state: [unplanned_stop], longer_than: 12s}, severity: info, summary: s}
    - {alert: Called, when: {andon: [critical]}, severity: critical, summary: called}
    - {alert: Alarmed, when: {alarm: 500}, severity: warning, summary: alarmed}
    - {alert: Both, when: {all: [{tag: temperature, above: 85}, {not: {state: [running]}}]},
       severity: warning, only_planned: true, summary: both}
    """
)


@dataclass(frozen=True)
class Said:
    """Something that is said, so long after what was said before."""

    after: int
    how: Callable[[Sayer, int], Any]
    back: int = 0
    """So much later than it was so."""


def _how() -> st.SearchStrategy[Callable[[Sayer, int], Any]]:
    values = st.integers(60, 100)
    return st.one_of(
        values.map(lambda value: lambda said, at: said.tag(at, value)),
        values.map(lambda value: lambda said, at: said.tag(at, value, "setpoint")),
        st.sampled_from(["hand", "auto"]).map(
            lambda value: lambda said, at: said.tag(at, value, "mode")
        ),
        st.sampled_from(["running", "unplanned_stop", "unknown"]).map(
            lambda value: lambda said, at: said.state(at, value)
        ),
        st.tuples(st.integers(0, 2), st.booleans()).map(
            lambda one: (
                lambda said, at: (
                    said.call(at, name=str(one[0])) if one[1] else said.clear(at, str(one[0]))
                )
            )
        ),
        st.tuples(st.sampled_from([300, 700]), st.booleans()).map(
            lambda one: lambda said, at: said.alarm(at, one[0], one[1])
        ),
        st.just(lambda said, at: said.gap(at - 2, at)),
        st.just(lambda said, at: said.alive(at)),
    )


SAID = st.builds(
    Said, after=st.integers(0, 12), how=_how(), back=st.sampled_from([0, 0, 0, 0, 7, 30])
)
STORIES = st.lists(SAID, min_size=1, max_size=25)


def events(story: list[Said]) -> list[tuple[int, Any]]:
    """Each with the second at which it comes in."""
    sayer, now, found = Sayer(PLANT), 100, []
    for one in story:
        now += one.after
        found.append((now, one.how(sayer, now - one.back)))
    return found


def plainly(story: list[Said]) -> list[AlertTransition]:
    run = Run(PLANT)
    for _, event in events(story):
        run.hear(event)
    return finished(run)


def finished(run: Run) -> list[AlertTransition]:
    """By an order of its own: what is found out at once comes in no order."""
    run.tick(9000)
    return sorted(run.told, key=lambda one: one.record_id())


LAW = settings(max_examples=40, deadline=None)


@LAW
@given(story=STORIES, data=st.data())
def test_what_is_said_again_changes_nothing(story: list[Said], data: st.DataObject):
    run, past = Run(PLANT), list[Any]()
    for _, event in events(story):
        past.append(event)
        run.hear(event, *data.draw(st.lists(st.sampled_from(past), max_size=3)))

    assert finished(run) == plainly(story)


@LAW
@given(story=STORIES, ticks=st.lists(st.integers(100, 450), max_size=40).map(sorted))
def test_any_schedule_of_ticks_tells_the_same(story: list[Said], ticks: list[int]):
    run = Run(PLANT)
    for now, event in events(story):
        while ticks and ticks[0] <= now - 30:
            run.tick(ticks.pop(0))
        run.hear(event)

    assert finished(run) == plainly(story)


@LAW
@given(story=STORIES, cuts=st.sets(st.integers(1, 24)))
def test_any_split_into_batches_tells_the_same(story: list[Said], cuts: set[int]):
    said = [event for _, event in events(story)]
    run, edges = Run(PLANT), [0, *sorted(cut for cut in cuts if cut < len(said)), len(said)]
    for start, end in pairwise(edges):
        run.hear(*said[start:end])

    assert finished(run) == plainly(story)


@LAW
@given(story=STORIES)
def test_writing_the_state_down_and_reading_it_after_every_event_changes_nothing(story: list[Said]):
    run = Run(PLANT, written=True)
    for _, event in events(story):
        run.hear(event)

    assert finished(run) == plainly(story)


@LAW
@given(story=STORIES, order=st.randoms(use_true_random=False))
def test_topics_that_are_read_at_another_pace_tell_the_same_of_what_looks_at_one_of_them(
    story: list[Said], order: Any
):
    story = [Said(one.after, one.how) for one in story]
    # A gap is said on the one topic of what is said on the other.
    said = [event for _, event in events(story) if event.type != "gap"]
    queues = [
        [one for one in said if one.type == "telemetry_frame"],
        [one for one in said if one.type != "telemetry_frame"],
    ]
    run, in_turn = Run(PLANT), Run(PLANT).hear(*said)
    while any(queues):
        run.hear(order.choice([queue for queue in queues if queue]).pop(0))

    of_one = {"Hot", "Fast", "Mode", "Called", "Alarmed", "Stands"}
    assert [one for one in finished(run) if one.labels["alertname"] in of_one] == [
        one for one in finished(in_turn) if one.labels["alertname"] in of_one
    ]


@LAW
@given(story=STORIES)
def test_alerts_begin_fire_and_end_in_this_order(story: list[Said]):
    lives: dict[str, list[AlertTransition]] = {}
    run = Run(PLANT)
    for _, event in events(story):
        run.hear(event)
    run.tick(9000)
    for one in run.told:
        lives.setdefault(one.alert_id(), []).append(one)

    assert len({one.record_id() for one in run.told}) == len(run.told)
    for life in lives.values():
        states = [one.state for one in life]
        assert states == sorted(states, key=["pending", "firing", "resolved"].index)
        assert states.count("resolved") <= 1
        moments = [one.at for one in life]
        assert moments == sorted(moments)
        assert all(one.starts_at <= one.at for one in life)


def test_a_state_of_long_ago_takes_little_room():
    run, said = Run(PLANT), Sayer(PLANT)
    for second in range(0, 4000, 2):
        run.hear(said.tag(second, 60 + second % 41), said.call(second, name=str(second)))
        run.hear(said.clear(second + 1, str(second)))

    sizes = {name: len(row) for name, row in run.engine.dump(run.state).items()}
    assert max(sizes.values()) < 8000, sizes


@pytest.mark.parametrize("second", [-(10**11), 10**11])
def test_a_time_that_no_sum_can_reach_is_left_out(second: int):
    event = Sayer(PLANT).tag(0, 99)
    year = 1 if second < 0 else 9999
    strange = event.model_copy(update={"source_time": event.source_time.replace(year=year)})

    assert Run(PLANT).hear(strange).told == []
