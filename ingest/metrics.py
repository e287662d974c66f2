"""What the edge tells Prometheus about itself."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge

from ingest.freshness import Freshness
from ingest.input import Alive, Missed, Sample, Told
from ingest.ports import Spool
from ingest.values import is_bad
from plantstream.runtime.http_metrics import HttpMetrics
from schemas.record import EquipmentPath

CERTIFICATES = ("server", "own")
"""Certificates of a source whose end is shown."""


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

    def __init__(self, registry: CollectorRegistry, http: HttpMetrics | None = None) -> None:
        self._registry, self._http = registry, http

        def gauge(name: str, about: str) -> Gauge:
            return Gauge(f"plantstream_source_{name}", about, ["source"], registry=registry)

        def counter(name: str, about: str) -> Counter:
            return Counter(f"plantstream_source_{name}_total", about, ["source"], registry=registry)

        self.expiry = Gauge(
            "plantstream_source_certificate_expiry_timestamp_seconds",
            "When a certificate of the source ends: the server's, or our own.",
            ["source", "certificate"],
            registry=registry,
        )
        self.connected = gauge("connected", "1 while the source answers.")
        self.last_value = gauge("last_value_timestamp_seconds", "Source time of the newest value.")
        self.skew = gauge("clock_skew_seconds", "The source's clock minus the edge's.")
        self.troubled = gauge("troubled", "1 while only a person can help.")
        self.connects = counter("connects", "Connections made; all but the first are reconnects.")
        self.notifications = counter("notifications", "Values that the source sent.")
        self.bad = counter("bad_quality", "Values that must not be used.")
        self.gaps = counter("gaps", "Times that could not be seen, per equipment.")
        self.overflowed = counter("overflowed", "Values dropped because somebody was too slow.")
        self.freshness = Freshness(registry)
        self._meters: dict[str, SourceMeters] = {}
        self.overruns = counter("overruns", "Polls that took longer than their period.")

    @property
    def http(self) -> HttpMetrics:
        """Of sources that are asked by HTTP."""
        if self._http is None:
            self._http = HttpMetrics(self._registry)
        return self._http

    def of(self, source: str) -> "SourceMeters":
        """The metrics of this source."""
        return self._meters.setdefault(source, SourceMeters(self, source))

    def all(self) -> Mapping[str, "SourceMeters"]:
        """The metrics of every source so far, by name."""
        return self._meters

    def forget(self, source: str) -> None:
        """Say nothing more of a source that is read no longer."""
        if self._meters.pop(source, None) is None:
            return
        self.freshness.forget(source)
        for one in (
            self.connected,
            self.last_value,
            self.skew,
            self.troubled,
            self.connects,
            self.notifications,
            self.bad,
            self.gaps,
            self.overflowed,
            self.overruns,
        ):
            one.remove(source)
        for certificate in CERTIFICATES:
            with suppress(KeyError):
                self.expiry.remove(source, certificate)


_SIGNS = (Sample, Alive)
"""What tells that an equipment is there."""


class SourceMeters:
    """One source as its input and the agent see it."""

    def __init__(self, metrics: SourceMetrics, source: str) -> None:
        self._connected = metrics.connected.labels(source)
        self._connects = metrics.connects.labels(source)
        self._last_value = metrics.last_value.labels(source)
        self._skew = metrics.skew.labels(source)
        self._troubled = metrics.troubled.labels(source)
        self._notifications = metrics.notifications.labels(source)
        self._bad = metrics.bad.labels(source)
        self._gaps = metrics.gaps.labels(source)
        self._overflowed = metrics.overflowed.labels(source)
        self._metrics = metrics
        self.is_connected = False
        self.last_value_at: datetime | None = None
        self.clock_skew: timedelta | None = None
        self.trouble: str | None = None
        self._overruns = metrics.overruns.labels(source)
        self._expiry = metrics.expiry
        self._source = source

    @classmethod
    def unseen(cls) -> Self:
        """Meters that nobody reads."""
        return cls(SourceMetrics(CollectorRegistry()), "unseen")

    @property
    def http(self) -> HttpMetrics:
        """Of those that ask it by HTTP."""
        return self._metrics.http

    def reads(self, equipment: Iterable[EquipmentPath]) -> None:
        """This equipment is read at the source from now on, and no other."""
        self._metrics.freshness.reads(self._source, equipment)

    def connected(self) -> None:
        """The source answers from now on."""
        self.is_connected, self.trouble = True, None
        self._connected.set(1)
        self._troubled.set(0)
        self._connects.inc()

    def lost(self) -> None:
        """The source answers no longer."""
        self.is_connected = False
        self._connected.set(0)

    def needs_help(self, trouble: str) -> None:
        """Only a person can make the source answer."""
        self.lost()
        self.trouble = trouble
        self._troubled.set(1)

    def notified(self, values: int) -> None:
        """So many values came."""
        self._notifications.inc(values)

    def overflowed(self, values: int) -> None:
        """So many values were dropped."""
        self._overflowed.inc(values)

    def took(self, observations: Sequence[Told], now: datetime) -> None:
        """Count what the agent took at this time."""
        samples = [one for one in observations if isinstance(one, Sample)]
        self._gaps.inc(sum(isinstance(one, Missed) for one in observations))
        self._bad.inc(sum(is_bad(one.quality) for one in samples if one.quality))
        said = [one for one in observations if isinstance(one, _SIGNS)]
        self._metrics.freshness.saw(said, now)
        if not samples:
            return
        newest = max(one.source_time for one in samples)
        known = self.last_value_at
        if known is None or newest > known or known > now:
            self.last_value_at, self.clock_skew = newest, newest - now
            self._last_value.set(newest.timestamp())
            self._skew.set(self.clock_skew.total_seconds())

    def overran(self) -> None:
        """A poll took longer than its period."""
        self._overruns.inc()

    def expires(self, certificate: str, at: datetime) -> None:
        """One of `CERTIFICATES` ends then."""
        self._expiry.labels(self._source, certificate).set(at.timestamp())
