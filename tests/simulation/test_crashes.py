"""The loops of edge, processor and sink under every fault at once: nothing lost, nothing twice."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.simulation.faults import OneCrash, SeededFaults
from tests.simulation.story import Story, small_story, story
from tests.simulation.verdict import assert_true_to
from tests.simulation.world import World, played

SEEDS = range(int(os.environ.get("SEEDS", "200")))
QUIET_AFTER_S = 60.0
"""Faults go on for so long after the end of a story."""
MUST_HAPPEN = (
    "crash at call",
    "crash at poll",
    "crash at row",
    "crashes of edge",
    "crashes of processor",
    "crashes of sink",
    "freezes",
    "zombies",
    "zombie polls",
    "fenced commits",
    "fenced writes",
    "repeats",
    "redeliveries",
    "rebalances",
    "late arrivals",
    "answers lost",
    "broker away",
    "disk full",
    "holes in delivery",
    "rewinds",
    "ticks",
)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_seed(seed: int) -> None:
    again = f"again: pytest 'tests/simulation/test_crashes.py::test_any_seed[{seed}]'"
    world = survived(seed)
    assert_true_to(world.story, world.durable.database, again)


def test_the_faults_did_happen(say: Callable[[str], None]) -> None:
    """A simulation in which nothing goes wrong proves nothing."""
    tally: Counter[str] = Counter()
    for seed in SEEDS:
        tally += tally_of(seed)
    say(f"{len(SEEDS)} seeds: " + ", ".join(f"{n} {what}" for what, n in sorted(tally.items())))
    assert not [what for what in MUST_HAPPEN if not tally[what]]


def test_a_crash_at_every_await_and_between_any_two_rows(say: Callable[[str], None]) -> None:
    """One crash per run, at the first place, the second, and so on until there is none."""
    kinds: Counter[str] = Counter()
    for place in crash_places():
        faults = OneCrash(place)
        world = played(small_story(), faults, slots=1)
        again = f"again: CRASH_AT={place} pytest tests/simulation/test_crashes.py -k every_await"
        assert_true_to(world.story, world.durable.database, again)
        kinds += Counter({kind: n for kind, n in faults.tally.items() if kind.startswith("crash")})
        if not faults.tally["crashes"]:
            break
    say(f"{kinds['crashes']} runs: {dict(kinds)}")
    assert all(kinds[f"crashes of {name}"] for name in ("edge", "processor", "sink"))
    assert kinds["crash at row"]


def crash_places() -> Iterator[int]:
    """All, or the one that is looked at."""
    wanted = os.environ.get("CRASH_AT")
    return iter([int(wanted)]) if wanted else count()


def survived(seed: int) -> World:
    """The world after the story of this seed."""
    told = story(seed)
    faults = faults_of(seed, told)
    _TALLIES[seed] = faults.tally
    return played(told, faults)


def faults_of(seed: int, told: Story) -> SeededFaults:
    """Everything goes wrong during the story, and a little longer."""
    return SeededFaults(seed, told.end_ms / 1000 + QUIET_AFTER_S)


_TALLIES: dict[int, Counter[str]] = {}


def tally_of(seed: int) -> Counter[str]:
    """What went wrong with this seed."""
    if seed not in _TALLIES:
        survived(seed)
    return _TALLIES[seed]
