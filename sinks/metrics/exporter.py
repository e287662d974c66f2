"""The exporter: records in, and at every scrape what they come to."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel

from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode
from schemas.plant.load import PlantFile
from schemas.record import site_of
from schemas.topic import Topic
from sinks.metrics.family import Family

_ABOUT = "Records that the exporter could not read."


class Exporter(Collector):
    """Plant metrics of one site; nothing is told before all that stood in the topics is known."""

    def __init__(self, families: Sequence[Family], now: Callable[[], datetime]) -> None:
        self._families, self._now = families, now
        self._plant: PlantFile | None = None
        self._unreadable = 0
        self._readers: dict[str, list[tuple[Family, tuple[type[BaseModel], ...]]]] = {}
        self.topics: dict[str, Topic] = {}
        self.back: dict[str, timedelta | None] = {}
        """How far back each topic is read; None is all of it."""
        for family in families:
            for topic, types, back in family.reads:
                spans = (back, self.back.get(topic.name, timedelta(0)))
                given = [one for one in spans if one is not None]
                self.back[topic.name] = max(given) if len(given) == len(spans) else None
                self.topics[topic.name] = topic
                self._readers.setdefault(topic.name, []).append((family, types))
        self._wanted = {name: _Glance(self.topics[name], self._types(name)) for name in self.back}
        self.is_complete = False

    def use(self, plant: PlantFile) -> None:
        """Go on with this plant file."""
        self._plant = plant
        for family in self._families:
            family.use(plant)

    def take(self, record: Record, *, is_news: bool) -> None:
        """Follow a record; what cannot be read is counted, and passed over."""
        if not self._wanted[record.topic].may_concern_us(record.value):
            return
        try:
            value = decode(self.topics[record.topic], record.value)
        except UnreadableError:
            self._unreadable += is_news
            return
        if self._concerns_us(value):
            for family, types in self._readers[record.topic]:
                if isinstance(value, types):
                    family.take(value, is_news=is_news)

    def collect(self) -> Iterator[Metric]:
        """As Prometheus asks for it."""
        own = CounterMetricFamily("plantstream_metrics_unreadable", _ABOUT)
        own.add_metric((), self._unreadable)
        yield own
        if self._plant is None or not self.is_complete:
            return
        for family in self._families:
            yield from family.metrics(self._plant.plant.metrics_prefix, self._now())

    def describe(self) -> list[Metric]:
        """Nothing beforehand: names follow from the plant file."""
        return []

    def _types(self, topic: str) -> set[type[BaseModel]]:
        return {kind for _, types in self._readers[topic] for kind in types}

    def _concerns_us(self, value: BaseModel) -> bool:
        """Replays are none of a gauge's business, nor are other sites."""
        site, run = getattr(value, "site", None), getattr(value, "run", "")
        site = site or site_of(getattr(value, "equipment", ""))
        return self._plant is not None and site == self._plant.plant.site_path() and not run


class _Glance:
    """Whether a record may be of a type that somebody reads, before it is decoded."""

    def __init__(self, topic: Topic, types: set[type[BaseModel]]) -> None:
        self._ours = [_said(one) for one in topic.types if one in types]
        self._others = [_said(one) for one in topic.types if one not in types]

    def may_concern_us(self, value: bytes | None) -> bool:
        """False only of what says that it is of another type."""
        if value is None or any(one in value for one in self._ours):
            return True
        return not any(one in value for one in self._others)


def _said(kind: type[BaseModel]) -> bytes:
    return f'"type":"{kind.model_fields["type"].default}"'.encode()
