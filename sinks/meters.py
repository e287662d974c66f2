"""What a sink tells about itself."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from plantstream.runtime.faults import HOLDING, FaultPoint
from schemas.telemetry import TelemetryFrame
from sinks.batch import Batch
from sinks.sink import Written

_DELAY_BUCKETS_S = (
    *(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.5, 2.0),
    *(3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0),
)
"""Fine around what a healthy pipeline takes, coarse where something waits."""


class SinkMeters:
    """Meters of one sink, in a registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "plantstream_sink_rows", "Rows stored, by table.", ["table"], registry=registry
        )
        self._rows.labels("dead_letter")  # at 0, so that the first one is seen by `increase()`
        self._write_s = Histogram(
            "plantstream_sink_write_seconds", "Time to store one batch.", registry=registry
        )
        self._repeats = Counter(
            "plantstream_sink_repeats", "Events left out: stored before.", registry=registry
        )
        self._holes = Counter(
            "plantstream_sink_holes", "Events that never arrived.", registry=registry
        )
        self._buried = Counter(
            "plantstream_sink_dead_letters", "Records that will never be rows.", registry=registry
        )
        self._kept = Counter(
            "plantstream_sink_kept_samples",
            "Samples of critical tags kept with their batches.",
            registry=registry,
        )
        self._retries = Counter(
            "plantstream_sink_retries", "Attempts that found a part away.", registry=registry
        )
        self._fenced = Counter(
            "plantstream_sink_fenced", "Batches given up: another writer.", registry=registry
        )
        self._delay_s = Histogram(
            "plantstream_sink_event_to_row_seconds",
            "From the source time of live telemetry to its row.",
            buckets=_DELAY_BUCKETS_S,
            registry=registry,
        )
        self._partitions = Gauge(
            "plantstream_sink_partitions", "Partitions owned.", registry=registry
        )
        self._unacknowledged = Gauge(
            "plantstream_unacknowledged", "Records taken and not yet durable.", registry=registry
        )
        self._points: list[FaultPoint] = []
        holding = Gauge(HOLDING, "1 while held at a fault point.", registry=registry)
        holding.set_function(lambda: float(any(point.holding for point in self._points)))

    def watch(self, *points: FaultPoint) -> None:
        """Show when the process holds at one of these fault points, too."""
        self._points += points

    def owns(self, partitions: int) -> None:
        """So many partitions are ours."""
        self._partitions.set(partitions)

    def holding(self, records: int) -> None:
        """So many records are in work."""
        self._unacknowledged.set(records)

    def waited(self) -> None:
        """A part did not answer, and is asked again."""
        self._retries.inc()

    def kept(self, samples: int) -> None:
        """So many samples stay with their batches."""
        self._kept.inc(samples)

    def fenced(self) -> None:
        """A batch was given up."""
        self._fenced.inc()

    def stored(self, batch: Batch, written: Written, started: datetime, now: datetime) -> None:
        """A batch is durable."""
        self._write_s.observe((now - started).total_seconds())
        for table, rows in written.rows.items():
            self._rows.labels(table).inc(rows)
        self._repeats.inc(written.repeats)
        self._holes.inc(written.holes)
        self._buried.inc(len(batch.letters))
        for event in batch.events:
            if isinstance(event.value, TelemetryFrame) and not event.value.run:
                self._delay_s.observe((now - event.value.source_time).total_seconds())
