"""What a processor tells about itself."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from plantstream.runtime.clock import monotonic
from plantstream.runtime.faults import HOLDING, FaultPoint
from processors.streams.batch import Outcome


class ProcessorMetrics:
    """Counters of all engines of a process, in its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Counter(
            "plantstream_processor_records",
            "Records by what became of them.",
            ["engine", "outcome"],
            registry=registry,
        )
        engine = ["engine"]
        self.holes = Counter(
            "plantstream_processor_holes", "Events that never arrived.", engine, registry=registry
        )
        self.deleted = Counter(
            "plantstream_processor_deleted_unread",
            "Records that the topic's retention deleted before they were read.",
            engine,
            registry=registry,
        )
        self.ahead = Counter(
            "plantstream_processor_ahead",
            "Alerts and acts of the future, taken as of now: somebody's clock is ahead.",
            engine,
            registry=registry,
        )
        self.outputs = Counter(
            "plantstream_processor_outputs", "Records written.", engine, registry=registry
        )
        self.partitions = Gauge(
            "plantstream_processor_partitions", "Partitions owned.", engine, registry=registry
        )
        self.unacknowledged = Gauge(
            "plantstream_unacknowledged",
            "Records taken and not yet durable.",
            engine,
            registry=registry,
        )
        self.commit_s = Histogram(
            "plantstream_processor_commit_seconds",
            "Time of one transaction.",
            engine,
            registry=registry,
        )
        holding = Gauge(HOLDING, "1 while held at a fault point.", registry=registry)
        self.points: list[FaultPoint] = []
        holding.set_function(lambda: float(any(point.holding for point in self.points)))

    def of(self, engine: str) -> "ShellMetrics":
        """Those of one engine."""
        return ShellMetrics(self, engine)


class ShellMetrics:
    """Counters of one shell."""

    def __init__(self, all_of_them: ProcessorMetrics, engine: str) -> None:
        records = all_of_them.records
        self._applied = records.labels(engine, "applied")
        self._repeats = records.labels(engine, "repeat")
        self._buried = records.labels(engine, "buried")
        self._holes = all_of_them.holes.labels(engine)
        self._ahead = all_of_them.ahead.labels(engine)
        self._deleted = all_of_them.deleted.labels(engine)
        self._outputs = all_of_them.outputs.labels(engine)
        self._partitions = all_of_them.partitions.labels(engine)
        self._unacknowledged = all_of_them.unacknowledged.labels(engine)
        self._commit_s = all_of_them.commit_s.labels(engine)
        self._points = all_of_them.points

    def watch(self, *points: FaultPoint) -> None:
        """Show when the process holds at one of these fault points."""
        self._points += points

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
        self._ahead.inc(outcome.ahead)
        self._outputs.inc(len(outcome.outputs))
