"""Run rules: which plotted points together say that the process is no longer in control.

Nelson, L. S.: The Shewhart Control Chart - Tests for Special Causes. Journal of Quality Technology
16 (1984) 4, 237-239. Western Electric: Statistical Quality Control Handbook, 1956, zone rules.

A rule looks at distances from the centre line in sigmas, oldest first, and asks whether the newest
point completes its pattern. `docs/control-charts.md` has the definitions in words.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

Distances = Sequence[float]
Pattern = Callable[[Distances], tuple[int, ...]]
"""Indices of the points that make the pattern, of which the newest is the last; () for none."""


class Rule(StrEnum):
    """A run rule by its source and its number there."""

    NELSON_1 = "nelson_1"
    NELSON_2 = "nelson_2"
    NELSON_3 = "nelson_3"
    NELSON_4 = "nelson_4"
    NELSON_5 = "nelson_5"
    NELSON_6 = "nelson_6"
    NELSON_7 = "nelson_7"
    NELSON_8 = "nelson_8"
    WESTERN_ELECTRIC_1 = "western_electric_1"
    WESTERN_ELECTRIC_2 = "western_electric_2"
    WESTERN_ELECTRIC_3 = "western_electric_3"
    WESTERN_ELECTRIC_4 = "western_electric_4"

    @property
    def source(self) -> str:
        """Where the rule was published."""
        name, number = self.rsplit("_", 1)
        return f"{_SOURCES[name]} {number}"


_SOURCES = {
    "nelson": "Nelson 1984, test",
    "western_electric": "Western Electric 1956, zone rule",
}
NELSON = frozenset(rule for rule in Rule if rule.startswith("nelson"))
WESTERN_ELECTRIC = frozenset(Rule) - NELSON
LIMIT_RULES = frozenset({Rule.NELSON_1, Rule.WESTERN_ELECTRIC_1})
"""A point beyond the control limits: all that is judged of ranges, whose distribution is skewed."""
REACH = 15
"""Points that the longest rule looks at."""


def completed(rule: Rule, distances: Distances) -> tuple[int, ...]:
    """Indices of the points with which the newest one completes the rule's pattern, or ()."""
    return _PATTERNS[rule](distances)


def _beyond(needed: int, among: int, sigmas: float) -> Pattern:
    """So many of the newest are farther than that from the centre, on the side of the newest."""

    def pattern(distances: Distances) -> tuple[int, ...]:
        newest = len(distances) - 1
        side = 1 if distances[newest] > 0 else -1
        window = range(max(0, newest + 1 - among), newest + 1)
        found = tuple(index for index in window if side * distances[index] > sigmas)
        return found if len(found) >= needed and found[-1] == newest else ()

    return pattern


def _run(length: int, holds: Callable[[Distances], bool]) -> Pattern:
    """The newest points, as many as that, are as `holds` says."""

    def pattern(distances: Distances) -> tuple[int, ...]:
        if len(distances) < length or not holds(distances[-length:]):
            return ()
        return tuple(range(len(distances) - length, len(distances)))

    return pattern


def _trends(run: Distances) -> bool:
    steps = [after - before for before, after in pairwise(run)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _alternates(run: Distances) -> bool:
    steps = [after - before for before, after in pairwise(run)]
    return all(before * after < 0 for before, after in pairwise(steps))


def _hugs_the_center(run: Distances) -> bool:
    return all(abs(distance) <= 1 for distance in run)


def _avoids_the_center(run: Distances) -> bool:
    return all(abs(distance) > 1 for distance in run) and min(run) < 0 < max(run)


_PATTERNS: dict[Rule, Pattern] = {
    Rule.NELSON_1: _beyond(1, 1, 3),
    Rule.NELSON_2: _beyond(9, 9, 0),
    Rule.NELSON_3: _run(6, _trends),
    Rule.NELSON_4: _run(14, _alternates),
    Rule.NELSON_5: _beyond(2, 3, 2),
    Rule.NELSON_6: _beyond(4, 5, 1),
    Rule.NELSON_7: _run(15, _hugs_the_center),
    Rule.NELSON_8: _run(8, _avoids_the_center),
    Rule.WESTERN_ELECTRIC_1: _beyond(1, 1, 3),
    Rule.WESTERN_ELECTRIC_2: _beyond(2, 3, 2),
    Rule.WESTERN_ELECTRIC_3: _beyond(4, 5, 1),
    Rule.WESTERN_ELECTRIC_4: _beyond(8, 8, 0),
}
