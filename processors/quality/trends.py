"""Results within specification that are out of trend, as a function says that is given."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from processors.quality.charts.rules import REACH
from processors.quality.plan import QualityPlan
from schemas.plant.quality import Specification

HISTORY = REACH
"""So many single results are looked at, the one that is judged among them."""


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
Trend = Callable[[Sequence[Point], Specification, int], Mapping[str, str]]
"""Which of these results of one test, from this index on, are out of trend, and why.

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

    def newest(self, test: str, plan: QualityPlan, most: int) -> Sequence[Point]:
        """The last points of a test that are under the specification of its last one."""
        series = self._points.get(test, [])
        if not series:
            return []
        last = len(series) - 1
        return series[_same(series, test, plan, range(last, max(last - most, -1), -1)) :]

    def change(
        self, changes: Iterable[Change], trend: Trend | None, plan: QualityPlan
    ) -> Iterator[str]:
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
        if trend is not None:
            for test, around in marks.items():
                yield from self._ask(test, around, trend, plan)

    def _ask(
        self, test: str, around: Sequence[Point], trend: Trend, plan: QualityPlan
    ) -> Iterator[str]:
        """Each point once whose past is another one."""
        series = self._points[test]
        for begin, end in _concerned(series, around, plan.is_grouped(test)):
            first = begin
            while first < end:
                until = _same(series, test, plan, range(first, end)) + 1
                yield from self._chart(test, (first, until), trend, plan)
                first = until

    def _chart(
        self, test: str, places: tuple[int, int], trend: Trend, plan: QualityPlan
    ) -> Iterator[str]:
        """The points from one place to another, under one specification, after those before."""
        series, (first, end) = self._points[test], places
        specification = plan.specification(test, series[first].sampled_at)
        told: Mapping[str, str] = {}
        if specification is not None:
            least = max(first - HISTORY + 1, 0)
            begin = _same(series, test, plan, range(first, least - 1, -1))
            told = trend(series[begin:end], specification, first - begin)
        for point in series[first:end]:
            because = told.get(point.result)
            if because != self.found.get(point.result):
                self.found.pop(point.result, None)
                if because is not None:
                    self.found[point.result] = because
                yield point.home


def _concerned(
    series: Sequence[Point], around: Sequence[Point], is_grouped: bool
) -> Iterator[tuple[int, int]]:
    """From where to where points may be judged otherwise; of subgroups that is everywhere."""
    if is_grouped:
        yield 0, len(series)
        return
    done = 0
    for mark in sorted(around):
        first = max(bisect_left(series, mark), done)
        done = max(min(first + HISTORY, len(series)), done)
        if first < done:
            yield first, done


def _same(series: Sequence[Point], test: str, plan: QualityPlan, places: range) -> int:
    """The farthest of these places up to which the specification is that of the first."""
    specification = plan.specification(test, series[places[0]].sampled_at)
    others = (
        place
        for place in places
        if plan.specification(test, series[place].sampled_at) is not specification
    )
    return next(others, places[-1] + places.step) - places.step
