"""Results within specification that are out of trend, as a function says that is given."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from processors.quality.charts.rules import REACH
from processors.quality.plan import QualityPlan
from schemas.plant.quality import Specification

HISTORY = REACH
"""So many results are looked at, the one that is judged among them."""


class Point(NamedTuple):
    """A result that is a number."""

    at: int
    """Microseconds since 1970."""
    result: str
    """Its first statement."""
    number: float
    sampled_at: int
    home: str
    """Its dossier."""


Change = tuple[str, Point | None, Point | None]
"""A test, a point that is there no more, and one that is there now."""
Trend = Callable[[Sequence[Point], Specification], str | None]
"""Why the last of these results of one test is out of trend; None: it is not.

The points are in the order of time and under this specification; it is asked again whenever one
of them changes.
"""


class Series:
    """The results of each test in the order of time, and those that are out of trend."""

    def __init__(
        self,
        points: Mapping[str, Sequence[Point]] | None = None,
        found: Mapping[str, str] | None = None,
    ) -> None:
        self._points = {test: list(some) for test, some in (points or {}).items()}
        self.found = dict(found or {})
        """By result, why it is out of trend."""

    def copy(self) -> "Series":
        """Another one, to be changed."""
        return Series(self._points, self.found)

    def change(self, changes: Iterable[Change], trend: Trend, plan: QualityPlan) -> Iterator[str]:
        """Points in the place of others; yields dossiers that are judged otherwise now."""
        marks: dict[str, list[Point]] = {}
        for test, old, new in changes:
            series, around = self._points.setdefault(test, []), marks.setdefault(test, [])
            place = len(series) if old is None else bisect_left(series, old)
            if old is not None and series[place : place + 1] == [old]:
                del series[place]
                around.append(old)
                if new is None and self.found.pop(old.result, None) is not None:
                    yield old.home
            if new is not None:
                insort(series, new)
                around.append(new)
        for test, around in marks.items():
            yield from self._ask(test, around, trend, plan)

    def _ask(
        self, test: str, around: Sequence[Point], trend: Trend, plan: QualityPlan
    ) -> Iterator[str]:
        """Each point once whose past is another one."""
        series, places = self._points[test], set[int]()
        for mark in around:
            first = bisect_left(series, mark)
            places |= set(range(first, min(first + HISTORY, len(series))))
        for place in sorted(places):
            point = series[place]
            told = _asked(series[max(place - HISTORY + 1, 0) : place + 1], test, trend, plan)
            if told != self.found.get(point.result):
                if told is None:
                    del self.found[point.result]
                else:
                    self.found[point.result] = told
                yield point.home


def _asked(points: Sequence[Point], test: str, trend: Trend, plan: QualityPlan) -> str | None:
    specification = plan.specification(test, points[-1].sampled_at)
    if specification is None:
        return None
    is_other = (plan.specification(test, one.sampled_at) is not specification for one in points)
    first = max((place + 1 for place, other in enumerate(is_other) if other), default=0)
    return trend(points[first:], specification)
