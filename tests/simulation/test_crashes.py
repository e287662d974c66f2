"""The loops of edge, processor and sink under every fault at once: nothing lost, nothing twice."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.simulation.faults import OneCrash
from tests.simulation.hosts import clocks_set, lines_cut
from tests.simulation.lived import facts_faults, live_facts
from tests.simulation.seeds import SEEDS, Seeds, told
from tests.simulation.story import small_story
from tests.simulation.verdict import assert_true_to
from tests.simulation.world import played

MUST_HAPPEN = (
    *("crash at call", "crash at poll", "crash at row", "freezes", "delay", "torn write"),
    *(f"crashes of {worker}" for worker in ("edge", "processor", "sink")),
    *clocks_set("edge", "processor", "sink"),
    *lines_cut("edge-broker", "processor-broker", "sink-broker", "sink-database"),
    *("polls in vain", "late arrivals", "late commits", "locks of the silent"),
    *("zombies", "zombie polls", "rebalances", "fenced commits", "fenced writes"),
    *("answers lost", "broker away", "poison bytes", "ticks"),
    *("disk full", "writes refused by a full disk", "spool full"),
    *("database full", "writes refused by a full database"),
    *("repeats", "redeliveries", "read from far before", "delivered twice", "slow fetches"),
    *("sent in another order", "read in another order", "holes in delivery", "rewinds"),
)


@pytest.fixture(scope="module")
def seeds(wanted_seeds: list[int]) -> Iterator[Seeds]:
    made = Seeds(live_facts, facts_faults)
    made.begin(wanted_seeds)
    yield made
    made.end()


@pytest.mark.parametrize("seed", SEEDS)
def test_any_seed(seeds: Seeds, seed: int) -> None:
    message = told(seeds, seed, f"pytest 'tests/simulation/test_crashes.py::test_any_seed[{seed}]'")
    assert not message, message


def test_the_faults_did_happen(seeds: Seeds, say: Callable[[str], None]) -> None:
    """A simulation in which nothing goes wrong proves nothing."""
    tally = seeds.tally()
    if not tally:
        pytest.skip("no seed was run")
    say(f"{len(SEEDS)} seeds: " + ", ".join(f"{n} {what}" for what, n in sorted(tally.items())))
    assert not seeds.rare(MUST_HAPPEN)


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
