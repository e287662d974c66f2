"""Which cycles are counted, and how long they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.processors.cycles.follower import Follower, Machine, plan_of

Story = Callable[[Machine], Any]


def lengths(story: Story, **plan: Any) -> tuple[int, int]:
    """How many cycles, and the milliseconds of all."""
    machine = Machine()
    story(machine)
    sums = Follower(plan_of(**plan)).hear(machine.said).sums()
    return sums.cycles, sums.total_ms


def told(*steps: tuple[Any, ...]) -> Story:
    def story(machine: Machine) -> None:
        for name, *arguments in steps:
            getattr(machine, name)(*arguments)

    return story


RUN = ("state", 0, "running")
COUNT = ("parts", 1, 1)


@pytest.mark.parametrize(
    ("story", "cycles", "total_ms"),
    [
        pytest.param(told(COUNT, ("parts", 3, 1)), 1, 2_000, id="between two counts"),
        pytest.param(told(COUNT), 0, 0, id="the first count only starts the watch"),
        pytest.param(told(COUNT, ("parts", 3, 4)), 4, 2_000, id="several units share the time"),
        pytest.param(
            told(COUNT, ("parts", 3, 1), ("parts", 3, 0, 1)), 2, 2_000, id="scrap of one moment"
        ),
        pytest.param(
            told(COUNT, ("parts", 1, 0, 1), ("parts", 3, 1)), 1, 2_000, id="two first counts"
        ),
        pytest.param(
            told(COUNT, ("parts", 2), ("parts", 3, 1)), 1, 2_000, id="a count of nothing is none"
        ),
        pytest.param(
            told(RUN, COUNT, ("state", 2, "delay"), ("state", 4, "running"), ("parts", 5, 1)),
            *(0, 0),
            id="not across waiting",
        ),
        pytest.param(
            told(
                RUN,
                COUNT,
                ("state", 2, "delay"),
                ("state", 4, "running"),
                ("parts", 5, 1),
                ("parts", 6, 1),
            ),
            *(1, 1_000),
            id="from the first count after waiting on",
        ),
        pytest.param(
            told(RUN, COUNT, ("state", 2, "delay"), ("parts", 3, 1), ("parts", 4, 1)),
            *(0, 0),
            id="not while waiting",
        ),
        pytest.param(
            told(
                RUN,
                COUNT,
                ("state", 2, "unplanned_stop"),
                ("state", 11.9, "running"),
                ("parts", 13, 1),
            ),
            *(1, 12_000),
            id="a minor stop makes a slow cycle",
        ),
        pytest.param(
            told(
                RUN,
                COUNT,
                ("state", 2, "unplanned_stop"),
                ("state", 12, "running"),
                ("parts", 13, 1),
            ),
            *(0, 0),
            id="an unplanned stop makes none",
        ),
        pytest.param(
            told(RUN, COUNT, ("state", 2, "unplanned_stop"), ("parts", 12, 1)),
            *(0, 0),
            id="nor does a stop that goes on",
        ),
        pytest.param(
            told(RUN, COUNT, ("parts", 3, 1), ("state", 3, "unplanned_stop")),
            *(1, 2_000),
            id="the last part before a stop",
        ),
        pytest.param(
            told(COUNT, ("gap", 2, 3), ("parts", 4, 1), ("parts", 5, 1)),
            *(1, 1_000),
            id="not across a gap",
        ),
        pytest.param(
            told(COUNT, ("batch", 2, "b"), ("parts", 3, 1)), 0, 0, id="not across batches"
        ),
        pytest.param(
            told(COUNT, ("product", 2, "fast"), ("parts", 3, 1)), 0, 0, id="not across products"
        ),
        pytest.param(
            told(("batch", 0, "b"), COUNT, ("batch", 2, "b"), ("parts", 3, 1)),
            *(1, 2_000),
            id="a batch that is said again changes nothing",
        ),
        pytest.param(
            told(RUN, COUNT, ("state", 2, "running"), ("parts", 3, 1)),
            *(1, 2_000),
            id="another word for running changes nothing",
        ),
        pytest.param(
            told(COUNT, ("cycle", 2, 999), ("parts", 3, 1)), 1, 2_000, id="what is said is ignored"
        ),
    ],
)
def test_cycles_from_counters(story: Story, cycles: int, total_ms: int) -> None:
    assert lengths(story, cycles="counters") == (cycles, total_ms)


def test_silence_is_no_cycle() -> None:
    story = told(COUNT, ("parts", 12, 1), ("parts", 13, 1))
    assert lengths(story, unknown_after=timedelta(seconds=10)) == (1, 1_000)
    alive = told(COUNT, ("alive", 6), ("parts", 12, 1), ("parts", 13, 1))
    assert lengths(alive, unknown_after=timedelta(seconds=10)) == (2, 12_000)


def test_an_alarm_is_no_sign_of_life() -> None:
    story = told(COUNT, ("alarm", 6), ("parts", 12, 1))
    assert lengths(story, unknown_after=timedelta(seconds=10)) == (0, 0)


def test_a_counter_of_all_parts_sees_the_bad_ones_as_well() -> None:
    story = told(("produced", 1, 1), ("parts", 2, 0, 1), ("produced", 3, 2))
    assert lengths(story, counts_produced=True) == (2, 2_000)


@pytest.mark.parametrize(
    ("story", "cycles", "total_ms"),
    [
        pytest.param(
            told(("state", 0, "delay"), ("state", 1, "running"), ("state", 4, "delay")),
            *(1, 3_000),
            id="a run between two other states",
        ),
        pytest.param(
            told(("state", 1, "running"), ("state", 4, "delay")),
            *(0, 0),
            id="a run whose beginning nobody saw",
        ),
        pytest.param(
            told(
                ("state", 0, "delay"),
                ("state", 1, "running"),
                ("state", 4, "unplanned_stop"),
                ("state", 5, "running"),
                ("state", 7, "delay"),
            ),
            *(0, 0),
            id="an interrupted run, and what is left of it",
        ),
        pytest.param(
            told(
                ("state", 0, "setup"),
                ("state", 1, "running"),
                ("state", 2, "running"),
                ("state", 4, "planned_stop"),
            ),
            *(1, 3_000),
            id="two words for running",
        ),
        pytest.param(
            told(
                ("state", 0, "delay"), ("state", 1, "running"), ("gap", 2, 3), ("state", 4, "delay")
            ),
            *(0, 0),
            id="a run with a gap",
        ),
        pytest.param(
            told(
                ("state", 0, "delay"),
                ("state", 1, "running"),
                ("batch", 2, "b"),
                ("state", 4, "delay"),
            ),
            *(0, 0),
            id="a run of two batches",
        ),
        pytest.param(
            told(
                ("state", 0, "delay"), ("gap", 1, 2), ("state", 3, "running"), ("state", 4, "delay")
            ),
            *(0, 0),
            id="the first run after a gap",
        ),
        pytest.param(
            told(
                ("state", 0, "delay"),
                ("state", 1, "running"),
                ("parts", 2, 5),
                ("state", 4, "unknown"),
            ),
            *(0, 0),
            id="a run that ends nobody knows how",
        ),
        pytest.param(
            told(
                ("state", 0, "not_scheduled"),
                ("state", 1, "unplanned_running"),
                ("state", 3, "not_scheduled"),
            ),
            *(1, 2_000),
            id="a run that was not planned",
        ),
    ],
)
def test_cycles_from_states(story: Story, cycles: int, total_ms: int) -> None:
    assert lengths(story, cycles="states") == (cycles, total_ms)


def test_cycles_that_the_machine_says_are_taken_as_they_are() -> None:
    story = told(("cycle", 1, 700), ("state", 2, "unplanned_stop"), ("cycle", 3, 900))
    assert lengths(story, cycles="events") == (2, 1_600)


def test_without_a_mode_nothing_is_timed() -> None:
    story = told(COUNT, ("parts", 2, 1), ("cycle", 3, 5), ("state", 4, "delay"))
    assert lengths(story, cycles=None) == (0, 0)
