"""The exporter: records in, and at every scrape what they come to."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import BaseModel

from plantstream.runtime.ports import Record
from schemas.codec import UnreadableError, decode
from schemas.plant.load import PlantFile
from schemas.topic import Topic
from sinks.metrics.family import Family

_ABOUT = "Records that the exporter could not read."


class Exporter(Collector):
    """Plant metrics of one site; nothing is told before all that stood in the topics is known."""

    def __init__(self, families: Sequence[Family], now: Callable[[], datetime]) -> None:
        self._families, self._now = families, now
        self._plant: PlantFile | None = None
        self._unreadable = 0
        self.topics: dict[str, Topic] = {
            topic.name: topic for family in families for topic in family.topics
        }
        self.is_complete = False

    def use(self, plant: PlantFile) -> None:
        """Go on with this plant file."""
        self._plant = plant
        for family in self._families:
            family.use(plant)

    def take(self, record: Record, *, is_news: bool) -> None:
        """Follow a record; what cannot be read is counted, and passed over."""
        topic = self.topics[record.topic]
        try:
            value = decode(topic, record.value)
        except UnreadableError:
            self._unreadable += is_news
            return
        if self._concerns_us(value):
            for family in self._families:
                if topic in family.topics:
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

    def _concerns_us(self, value: BaseModel) -> bool:
        """Replays are none of a gauge's business, nor are other sites."""
        site, run = getattr(value, "site", None), getattr(value, "run", "")
        return self._plant is not None and site == self._plant.plant.site_path() and not run
