"""What a processor tells about itself."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from plantstream.runtime.clock import monotonic
from plantstream.runtime.faults import HOLDING, FaultPoint
from processors.streams.batch import Outcome


class ShellMetrics:
    """Counters of one shell, in a registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        records = Counter(
            "plantstream_processor_records",
            "Records by what became of them.",
            ["outcome"],
            registry=registry,
        )
        self._applied = records.labels("applied")
        self._repeats = records.labels("repeat")
        self._buried = records.labels("buried")
        self._holes = Counter(
            "plantstream_processor_holes", "Events that never arrived.", registry=registry
        )
        self._deleted = Counter(
            "plantstream_processor_deleted_unread",
            "Records that the topic's retention deleted before they were read.",
            registry=registry,
        )
        self._outputs = Counter(
            "plantstream_processor_outputs", "Records written.", registry=registry
        )
        self._partitions = Gauge(
            "plantstream_processor_partitions", "Partitions owned.", registry=registry
        )
        self._unacknowledged = Gauge(
            "plantstream_unacknowledged", "Records taken and not yet durable.", registry=registry
        )
        self._commit_s = Histogram(
            "plantstream_processor_commit_seconds", "Time of one transaction.", registry=registry
        )
        self._holding = Gauge(HOLDING, "1 while held at a fault point.", registry=registry)

    def watch(self, *points: FaultPoint) -> None:
        """Show when the process holds at one of these fault points."""
        self._holding.set_function(lambda: float(any(point.holding for point in points)))

    def owns(self, partitions: Collection[int]) -> None:
        """These partitions are ours."""
        self._partitions.set(len(partitions))

    def holding(self, records: int) -> None:
        """So many records are in work."""
        self._unacknowledged.set(records)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Time one transaction."""
        start = monotonic()
        yield
        self._commit_s.observe(monotonic() - start)

    def was_deleted(self, records: int) -> None:
        """So many records are no longer in the log, and were not read."""
        self._deleted.inc(records)

    def count(self, outcome: Outcome) -> None:
        """A micro-batch is durable."""
        self._applied.inc(outcome.applied)
        self._repeats.inc(outcome.repeats)
        self._buried.inc(outcome.buried)
        self._holes.inc(outcome.holes)
        self._outputs.inc(len(outcome.outputs))
