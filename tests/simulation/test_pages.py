"""The loops of edge, rules, dispatcher and notifier under every fault: everybody is told, once."""

from collections.abc import Callable, Iterator

import pytest

from tests.simulation.lived import live_pages, pages_faults
from tests.simulation.seeds import SEEDS, Seeds, told

MUST_HAPPEN = (
    "crash at call",
    "crashes of edge",
    "crashes of rules",
    "crashes of dispatcher",
    "crashes of notifier",
    "freezes",
    "zombies",
    "fenced commits",
    "rebalances",
    "providers away",
    "answers of providers lost",
    "broker away",
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
    assert not [what for what in MUST_HAPPEN if not tally[what]]
