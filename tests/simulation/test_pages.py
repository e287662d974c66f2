"""The loops of edge, rules, dispatcher and notifier under every fault: everybody is told, once."""

from collections.abc import Callable, Iterator

import pytest

from tests.simulation.hosts import clocks_set, lines_cut
from tests.simulation.lived import live_pages, pages_faults
from tests.simulation.seeds import SEEDS, Seeds, told

MUST_HAPPEN = (
    *("crash at call", "crash at poll", "freezes", "delay", "torn write"),
    *(f"crashes of {worker}" for worker in ("edge", "rules", "dispatcher", "notifier")),
    *clocks_set("rules", "dispatcher", "notifier"),
    *lines_cut("rules-broker", "dispatcher-broker", "notifier-broker", "notifier-provider"),
    *("polls in vain", "late arrivals", "zombies", "zombie polls", "rebalances", "fenced commits"),
    *("answers lost", "broker away", "providers away", "answers of providers lost"),
    *("disk full", "writes refused by a full disk", "redeliveries", "delivered twice"),
)


@pytest.fixture(scope="module")
def seeds(wanted_seeds: list[int]) -> Iterator[Seeds]:
    made = Seeds(live_pages, pages_faults)
    made.begin(wanted_seeds)
    yield made
    made.end()


@pytest.mark.parametrize("seed", SEEDS)
def test_any_seed(seeds: Seeds, seed: int) -> None:
    message = told(seeds, seed, f"pytest 'tests/simulation/test_pages.py::test_any_seed[{seed}]'")
    assert not message, message


def test_the_faults_did_happen(seeds: Seeds, say: Callable[[str], None]) -> None:
    """A simulation in which nothing goes wrong proves nothing."""
    tally = seeds.tally()
    if not tally:
        pytest.skip("no seed was run")
    say(f"{len(SEEDS)} seeds: " + ", ".join(f"{n} {what}" for what, n in sorted(tally.items())))
    assert not seeds.rare(MUST_HAPPEN)
