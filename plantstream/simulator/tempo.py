"""How a plant lives: how long things take, and how often what goes wrong."""

from dataclasses import dataclass
from random import Random

Span = tuple[float, float]
"""Shortest and longest, in simulated seconds."""

MINOR_SHARE: Span = (0.4, 0.8)
"""Length of a minor stop, as a part of the equipment's threshold."""
BREAKDOWN_SHARE = 1.6
"""A breakdown lasts at least so many times the threshold of minor stops."""
MINOR_WITHOUT_THRESHOLD_S: Span = (2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Tempo:
    """Spans of one way to live; stops are chosen by their weights."""

    work_s: Span
    """Between two interruptions."""
    interruptions: tuple[int, int]
    """Fewest and most in one job."""
    setup_s: Span
    breakdown_s: Span
    break_s: Span
    starved_s: Span
    silent_s: Span
    between_jobs_s: Span
    weights: tuple[float, float, float, float, float] = (8.0, 1.0, 1.0, 2.0, 0.5)
    """Of minor stop, breakdown, break, starved, silent."""


LIVELY = Tempo(
    work_s=(15, 30),
    interruptions=(4, 7),
    setup_s=(15, 30),
    breakdown_s=(60, 90),
    break_s=(25, 45),
    starved_s=(15, 35),
    silent_s=(15, 25),
    between_jobs_s=(15, 30),
)
"""A demo: minutes instead of hours."""

EVERYDAY = Tempo(
    work_s=(300, 3600),
    interruptions=(3, 9),
    setup_s=(600, 2400),
    breakdown_s=(300, 2700),
    break_s=(900, 1800),
    starved_s=(120, 900),
    silent_s=(20, 120),
    between_jobs_s=(300, 1800),
)
"""A recording of weeks."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How simulated time, in which the plant lives, relates to the time that is written down.

    At speed 10 the plant lives ten times as fast; parts are made at their usual rate by the clock
    on the wall, so that effectiveness stays what it is.
    """

    tempo: Tempo
    speed: float = 1.0


def within(span: Span, plot: Random) -> float:
    """A length within the span, in whole milliseconds."""
    return round(plot.uniform(*span), 3)
