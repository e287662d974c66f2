"""What the edge tells Prometheus about itself."""

from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge

from ingest.ports import Spool


class EdgeMetrics:
    """The edge's metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"plantstream_{name}", about, labels, registry=registry)

        def gauge(name: str, about: str) -> Gauge:
            return Gauge(f"plantstream_{name}", about, registry=registry)

        self.samples = counter("edge_samples_total", "Samples read from inputs.", "input")
        self.events = counter("edge_events_total", "Typed events given an id.", "type")
        self.unreadable = counter("edge_unreadable_total", "What inputs could not read.", "input")
        self.problems = counter("edge_problems_total", "Samples not usable.", "reason")
        self.failures = counter("edge_unavailable_total", "Waits for disk or broker.", "part")
        self.published = counter("edge_published_total", "Records the broker has.", "topic")
        self.rejected = counter("edge_rejected_total", "Records the broker refused.", "topic")
        self.spool_dropped = counter("edge_spool_dropped_total", "Entries dropped unsent.")
        self.spool_depth = gauge("edge_spool_depth", "Entries that wait for the broker.")
        self.spool_bytes = gauge("edge_spool_bytes", "Bytes that wait for the broker.")
        self.unacknowledged = gauge("unacknowledged", "Work taken and not finished.")
        self.holding = gauge("fault_holding", "1 while a fault point holds this process.")
        self._dropped = 0

    def see_spool(self, spool: Spool) -> None:
        """Take the spool's figures."""
        self.spool_depth.set(spool.depth)
        self.spool_bytes.set(spool.size_bytes)
        self.unacknowledged.set(spool.depth)
        self.spool_dropped.inc(spool.dropped - self._dropped)
        self._dropped = spool.dropped


class SourceMetrics:
    """The metrics of all sources in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, about: str) -> Gauge:
            return Gauge(f"plantstream_source_{name}", about, ["source"], registry=registry)

        def counter(name: str, about: str) -> Counter:
            return Counter(f"plantstream_source_{name}_total", about, ["source"], registry=registry)

        self.connected = gauge("connected", "1 while the source answers.")
        self.connects = counter("connects", "Connections made; all but the first are reconnects.")
        self.notifications = counter("notifications", "Values that the source sent.")
        self.overflowed = counter("overflowed", "Values dropped because somebody was too slow.")

    def of(self, source: str) -> "SourceMeters":
        """The metrics of this source."""
        return SourceMeters(self, source)


class SourceMeters:
    """What one input tells about its source; the agent counts samples, bad ones and gaps itself."""

    def __init__(self, metrics: SourceMetrics, source: str) -> None:
        self._connected = metrics.connected.labels(source)
        self._connects = metrics.connects.labels(source)
        self._notifications = metrics.notifications.labels(source)
        self._overflowed = metrics.overflowed.labels(source)
        self._connected.set(0)

    @classmethod
    def unseen(cls) -> Self:
        """Meters that nobody reads."""
        return cls(SourceMetrics(CollectorRegistry()), "unseen")

    def connected(self) -> None:
        """The source answers from now on."""
        self._connected.set(1)
        self._connects.inc()

    def lost(self) -> None:
        """The source answers no longer."""
        self._connected.set(0)

    def notified(self, values: int) -> None:
        """So many values came."""
        self._notifications.inc(values)

    def overflowed(self, values: int) -> None:
        """So many values were dropped."""
        self._overflowed.inc(values)
