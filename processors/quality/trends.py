"""Results within specification that are out of trend, as a function says that is given."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from processors.quality.plan import QualityPlan
from schemas.plant.quality import Specification

HISTORY = 50
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

    def change(
        self, test: str, change: tuple[Point | None, Point | None], trend: Trend, plan: QualityPlan
    ) -> Iterator[str]:
        """One point in the place of another; yields dossiers that are judged otherwise now."""
        old, new = change
        series = self._points.setdefault(test, [])
        first = len(series)
        if old is not None and old in series:
            first = series.index(old)
            del series[first]
            if new is None and self.found.pop(old.result, None) is not None:
                yield old.home
        if new is not None:
            insort(series, new)
            first = min(first, bisect_left(series, new))
        for place in range(first, min(first + HISTORY, len(series))):
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
