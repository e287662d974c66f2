"""What a family of plant metrics is, and the shapes in which it is told."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from pydantic import BaseModel

from schemas.plant.load import PlantFile
from schemas.topic import Topic

OTHER = "other"
"""The label of what the plant file does not name: a mistake in an event makes no new series."""
Labels = tuple[str, ...]


class Reading(NamedTuple):
    """What a family reads of a topic."""

    topic: Topic
    types: tuple[type[BaseModel], ...]
    back: timedelta | None = None
    """How far back it looks at its start; None is all that stands there."""


class Family(Protocol):
    """Metrics of one subject; only what concerns its site and is live is given to it."""

    @property
    def reads(self) -> Sequence[Reading]:
        """Where its records stand."""

    def use(self, plant: PlantFile) -> None:
        """Know the names of this plant file: series of others end, and its own begin at 0."""

    def take(self, record: BaseModel, *, is_news: bool) -> None:
        """Follow a record; what was known before the exporter first ran moves no counter."""

    def metrics(self, prefix: str, now: datetime) -> Iterator[Metric]:
        """All of it, as it is now."""


class Named(NamedTuple):
    """A metric: its name without the plant's prefix, what it is, and its labels."""

    name: str
    about: str
    labels: Sequence[str]


def counter(named: Named, prefix: str, values: Mapping[Labels, float]) -> Metric:
    """A counter; its name is told with `_total`."""
    told = CounterMetricFamily(prefix + named.name, named.about, labels=named.labels)
    for labels, value in sorted(values.items()):
        told.add_metric(labels, value)
    return told


def gauge(named: Named, prefix: str, values: Mapping[Labels, float]) -> Metric:
    """A gauge."""
    told = GaugeMetricFamily(prefix + named.name, named.about, labels=named.labels)
    for labels, value in sorted(values.items()):
        told.add_metric(labels, value)
    return told


def begun(counts: Mapping[Labels, int], known: Iterable[Labels]) -> dict[Labels, int]:
    """These series alone; what is new among them begins at 0."""
    return {labels: counts.get(labels, 0) for labels in known}


def count(counts: dict[Labels, int], labels: Labels) -> None:
    """One more."""
    counts[labels] = counts.get(labels, 0) + 1


class Remembered:
    """What was told of each record, to tell repeats; the oldest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.told: dict[str, str] = {}

    def knew(self, name: str, told: str) -> bool:
        """Whether this was told of it before; remembers it."""
        before = self.told.pop(name, None)
        self.told[name] = told
        if len(self.told) > self._most:
            del self.told[next(iter(self.told))]
        return before == told


class Histogram:
    """Observations by label set, in fixed buckets."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def begin(self, known: Iterable[Labels]) -> None:
        """Keep these series alone, and begin those that are new."""
        self._counts = {one: self._counts.get(one, self._empty()) for one in known}
        self._sums = {one: self._sums.get(one, 0.0) for one in self._counts}

    def observe(self, labels: Labels, value: float) -> None:
        """One more."""
        self._counts.setdefault(labels, self._empty())[bisect_left(self._bounds, value)] += 1
        self._sums[labels] = self._sums.get(labels, 0.0) + value

    def metric(self, named: Named, prefix: str) -> Metric:
        """As it is told."""
        told = HistogramMetricFamily(prefix + named.name, named.about, labels=named.labels)
        names = (*(str(float(bound)) for bound in self._bounds), "+Inf")
        for labels, counts in sorted(self._counts.items()):
            summed, buckets = 0, []
            for name, count in zip(names, counts, strict=True):
                summed += count
                buckets.append((name, summed))
            told.add_metric(labels, buckets, self._sums[labels])
        return told

    def _empty(self) -> list[int]:
        return [0] * (len(self._bounds) + 1)
