"""A seed lived through: what is wrong in the end, and what happened on the way."""

from collections import Counter
from collections.abc import Callable

from tests.simulation.faults import SeededFaults
from tests.simulation.heat import heat_story
from tests.simulation.pages import PagesWorld
from tests.simulation.story import Story, story
from tests.simulation.verdict import differences
from tests.simulation.world import played

QUIET_AFTER_S = -30.0
"""Faults end so long before a story: when it is over clocks stand still, and nobody asks again."""


def faults_of(seed: int, told: Story) -> SeededFaults:
    """Everything goes wrong until shortly before the end of the story."""
    return SeededFaults(seed, told.end_ms / 1000 + QUIET_AFTER_S)


def facts_faults(seed: int) -> SeededFaults:
    """What goes wrong while facts are made."""
    return faults_of(seed, story(seed))


def live_facts(seed: int, faults: SeededFaults | None) -> tuple[list[str], Counter[str]]:
    """Edge, processors and sinks."""
    told = story(seed)
    given = faults or faults_of(seed, told)
    return _found(lambda: differences(told, played(told, given).durable.database)), given.tally


def pages_faults(seed: int) -> SeededFaults:
    """What goes wrong while people are told."""
    return SeededFaults(seed, heat_story(seed).calm_s)


def live_pages(seed: int, faults: SeededFaults | None) -> tuple[list[str], Counter[str]]:
    """Edge, rules, dispatcher and notifiers."""
    told, given = heat_story(seed), faults or pages_faults(seed)
    world = PagesWorld(told, given)
    found = _found(lambda: world.run().differences())
    given.tally["heats"] += len(told.heats)
    given.tally["messages"] += len(world.provider.told)
    return found, given.tally


def _found(live: Callable[[], list[str]]) -> list[str]:
    """An error that nobody expects is a difference, too."""
    try:
        return live()
    except (AssertionError, Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - told as it is
        return [f"{type(error).__name__}: {error!r}"]
