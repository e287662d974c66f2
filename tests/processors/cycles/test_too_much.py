"""Cycles that are too long to add up."""

import pytest

from tests.processors.cycles.follower import Follower, Machine, plan_of

WEEK_MS = 7 * 24 * 3600 * 1000
MOST_MS = 3_037_000_499
"""35 days; the square of more is no whole number of 64 bits."""
EVENTS = plan_of(cycles="events")


def said(*lengths_ms: int) -> Machine:
    machine = Machine()
    for number, length in enumerate(lengths_ms):
        machine.cycle(number, length)
    return machine


@pytest.mark.parametrize("restarts", [False, True])
def test_what_a_cell_cannot_hold_is_a_cell_of_its_own(restarts: bool) -> None:
    follower = Follower(EVENTS)
    for event in said(*[WEEK_MS] * 60, 1_000).said:
        follower.hear([event])
        if restarts:
            follower.restart()
    sums = follower.sums()

    assert (sums.cycles, sums.total_ms) == (61, 60 * WEEK_MS + 1_000)
    assert sums.squares_ms2 == 60 * WEEK_MS**2 + 1_000**2
    assert not follower.findings()


@pytest.mark.parametrize("length", [MOST_MS + 1, 2**63 - 1])
def test_a_cycle_that_no_cell_can_hold_is_left_out_and_told(length: int) -> None:
    follower = Follower(EVENTS).hear(said(1_000, length, length, 3_000).said)

    assert (follower.sums().cycles, follower.sums().total_ms) == (2, 4_000)
    assert [one.kind for one in follower.findings()] == ["impossible_cycle"]


def test_the_longest_that_can_be_is_a_cycle() -> None:
    assert Follower(EVENTS).hear(said(MOST_MS).said).sums().longest_ms == MOST_MS


@pytest.mark.parametrize("cycles", ["states", "counters"])
def test_what_lasts_for_months_is_no_cycle(cycles: str) -> None:
    months, machine = 90 * 24 * 3600, Machine()
    machine.state(0, "delay")
    machine.state(1, "running")
    machine.parts(2, 1)
    machine.parts(months, 1)
    machine.state(months + 1, "delay")
    machine.state(months + 2, "running")
    machine.parts(months + 3, 1)
    machine.parts(months + 4, 1)
    machine.state(months + 5, "delay")
    follower = Follower(plan_of(cycles=cycles)).hear(machine.said)

    assert follower.sums().cycles == 1
    assert [one.kind for one in follower.findings()] == ["impossible_cycle"]


def test_impossible_counts_time_nothing() -> None:
    machine = Machine()
    machine.product(0, "fast")
    for at, units in ((1, 1), (2, 2**62), (3, 2**62), (4, 5)):
        machine.parts(at, units)
    follower = Follower(plan_of()).hear(machine.said)

    assert follower.sums().cycles == 5
    assert {one.kind for one in follower.findings()} == {"impossible_cycle"}
