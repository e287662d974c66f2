"""The notifier is stopped at any await, another goes on: nobody is missed, few hear it twice."""

from collections import Counter

import pytest

from sinks.notify.message import RefusedError, Sent, TemporaryError
from tests.simulation.clockwork import simulate
from tests.sinks.notify.doubles import Crash, World, loop_of, run_until, run_until_crash
from tests.sinks.notify.notifications import notification

ALL = {f"n{n}" for n in range(8)}


async def answering(told, channel, turn):
    if told.id == "n1" and turn == 1:
        raise TemporaryError("HTTP 503")
    if told.id == "n2" and channel == "mail":
        raise RefusedError("HTTP 400")
    return Sent(told.id)


def story():
    """Two groups, two people, one that fails first, and one that a channel refuses."""
    return [
        notification(n, group=f"g{n % 2}", recipient=f"p{n % 3}", fallback=("sms",))
        for n in range(8)
    ]


async def crashed_at(*steps):
    """Run, crash at each of these steps of its own run, and then to the end."""
    world = World(answering=answering)
    world.notify(*story())
    crashes = 0
    for step in steps:
        world.crash = Crash(step)
        await run_until_crash(loop_of(world), world, lambda: world.over() == ALL)
        crashes += world.crash.happened.is_set()
    world.crash = Crash()
    await run_until(loop_of(world), lambda: world.over() == ALL)
    return world, crashes


def judge(world, crashes, step):
    arrived = Counter(one[0] for one in world.arrived)
    assert set(arrived) == ALL, f"missing after a crash at {step}"
    marked = Counter(one[0] for one in world.arrived if one[2])
    for id, times in arrived.items():
        assert times <= 1 + crashes, f"{id} came {times} times after a crash at {step}"
        assert marked[id] >= times - 1, f"{id} came twice and unmarked after a crash at {step}"


def test_a_crash_at_any_await_misses_nobody_and_repeats_at_most_what_was_in_flight():
    most, repeats = 0, 0
    for step in range(2000):
        world, crashes = simulate(lambda: crashed_at(step))  # noqa: B023 - called at once
        judge(world, crashes, step)
        repeats += len(world.arrived) - len(ALL)
        if not crashes:
            break
        most = step
    else:
        pytest.fail("the loop never came to its end")

    assert most > 60
    assert repeats > 0, "no crash came between sending and the outcome"


@pytest.mark.parametrize("second", [3, 11, 29, 37, 53])
def test_two_crashes_in_a_row_miss_nobody_either(second):
    for first in range(0, 80, 7):
        world, crashes = simulate(lambda: crashed_at(first, second))  # noqa: B023 - called at once
        judge(world, crashes, (first, second))
