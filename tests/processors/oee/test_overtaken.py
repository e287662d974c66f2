"""Events that overtake each other, one by one or several at once: the same is true of them."""

import pytest
from hypothesis import given, settings, strategies as st

from schemas.machine import MachineRecord
from tests.facts import Facts
from tests.laws import EXAMPLES
from tests.makers import Machine, plant
from tests.processors.oee.stories import stories
from tests.processors.oee.story import Story
from tests.processors.oee.test_laws import kinds, newest_reports, sums


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_a_state_that_comes_behind_newer_counts_holds_from_its_moment(at_once: int) -> None:
    m = Machine()
    m.state(0, "delay")
    m.parts(100.6, good=1)
    m.parts(102.9, good=8)
    m.state(100.4, "setup")
    m.state(160, "running")
    m.alive(200)
    one_by_one, rest = m.said[:2], m.said[2:]
    facts = Facts(m).tell(one_by_one).tell(rest, at_once=at_once)
    assert facts.seconds() == {
        "delay": 100.4,
        "setup": 59.6,
        "running": 40,
        "no_ideal": 40,
    }


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_a_person_said_counts_once_if_a_gap_is_told_around_it(at_once: int) -> None:
    m = Machine()
    m.state(0, "running")
    m.alive(49)
    m.found(48, scrap=1)
    m.gap(20, 50)
    m.alive(52)
    facts = Facts(m).tell(m.said, at_once=at_once)
    assert facts.counts() == {"scrap": 1, "no_ideal_parts": 1}


@given(stories(), st.integers(2, 9), st.integers(1, 4))
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_overtakes_may_arrive_at_once(story: Story, at_once: int, restarts: int) -> None:
    events = story.events()
    one_by_one = Facts(machine_of(story, events)).tell(events)
    together = Facts(machine_of(story, events))
    for number, start in enumerate(range(0, len(events), at_once)):
        together.tell(events[start : start + at_once], at_once=at_once)
        if number % restarts == 0:
            together.restart()
    assert sums(together) == sums(one_by_one)
    assert kinds(together) == kinds(one_by_one)
    assert newest_reports(together) == newest_reports(one_by_one)


def machine_of(story: Story, events: list[MachineRecord]) -> Machine:
    machine = Machine(story.plant())
    machine.said = list(events)
    return machine


def test_a_late_count_ends_silence_after_a_restart_too_and_only_once() -> None:
    m = Machine(plant(unknown_after_s=60))
    m.state(0, "running")
    m.state(300, "unplanned_stop")
    m.alive(600)
    m.alive(610)
    late = [m.parts(150, good=1), m.parts(400, good=1), m.parts(160, good=1)]
    m.alive(620)
    facts = Facts(m).tell([one for one in m.said if one not in late]).restart().tell(late)
    # Known: 0-60, 150-220; 300-360, 400-460, and from 600 on.
    assert facts.seconds() == {
        "running": 130,
        "unplanned_stop": 140,
        "unknown": 350,
        "no_ideal": 130,
    }
