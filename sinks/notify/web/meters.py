"""What the interface of `notify` tells about itself, beside the metrics of HTTP."""

from prometheus_client import CollectorRegistry, Counter


class WebMeters:
    """Meters in a registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refused = Counter(
            "plantstream_notify_refused",
            "Links, webhooks, answers and alerts of others that were refused.",
            ["way", "reason"],
            registry=registry,
        )
        self._acts = Counter(
            "plantstream_notify_acts",
            "Acts of people that came in and are in Kafka.",
            ["via", "act"],
            registry=registry,
        )
        self._external = Counter(
            "plantstream_notify_external_alerts",
            "Alerts that senders have told, and that are in Kafka.",
            ["sender", "status"],
            registry=registry,
        )
        self._callbacks = Counter(
            "plantstream_notify_callbacks",
            "What providers said has become of messages.",
            ["channel", "outcome"],
            registry=registry,
        )

    @classmethod
    def unseen(cls) -> "WebMeters":
        """Meters that nobody reads."""
        return cls(CollectorRegistry())

    def refused(self, way: str, reason: str) -> None:
        """Something was refused."""
        self._refused.labels(way, reason).inc()

    def acted(self, via: str, act: str) -> None:
        """Somebody did something about an alert."""
        self._acts.labels(via, act).inc()

    def told(self, sender: str, status: str, number: int) -> None:
        """A sender told so many alerts."""
        self._external.labels(sender, status).inc(number)

    def called_back(self, channel: str, outcome: str) -> None:
        """A provider told what became of a message."""
        self._callbacks.labels(channel, outcome).inc()
