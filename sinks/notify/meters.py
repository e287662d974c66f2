"""What the notifier tells about itself."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from plantstream.runtime.faults import HOLDING, FaultPoint
from schemas.alerts import DeliveryAttempt, Notification
from sinks.notify.board import Board

_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0, 15.0, 60.0, 300.0, 3600.0)
_SENT = frozenset({"accepted", "delivered"})


class NotifyMeters:
    """Meters of the notifier, in a registry of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes = Counter(
            "plantstream_notify_attempts",
            "Attempts to deliver a message, by what became of them.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._repeats = Counter(
            "plantstream_notify_repeats",
            "Messages sent again because nobody knows whether they arrived.",
            ["channel"],
            registry=registry,
        )
        self._bounced = Counter(
            "plantstream_notify_bounced",
            "Messages that a provider had accepted and then could not bring.",
            ["channel"],
            registry=registry,
        )
        self._delay_s = Histogram(
            "plantstream_notify_decided_to_sent_seconds",
            "From the decision to tell somebody to the provider's receipt.",
            ["channel"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self._open = Gauge(
            "plantstream_notify_open", "Messages not yet with anybody.", registry=registry
        )
        self._in_flight = Gauge(
            "plantstream_notify_in_flight", "Messages under way.", ["channel"], registry=registry
        )
        self._resting = Gauge(
            "plantstream_notify_resting",
            "1 while a channel is left alone because its provider does not answer.",
            ["channel"],
            registry=registry,
        )
        self._buried = Counter(
            "plantstream_notify_dead_letters",
            "Notifications that nobody can read.",
            registry=registry,
        )
        self._retries = Counter(
            "plantstream_notify_retries", "Attempts that found Kafka away.", registry=registry
        )
        self._points: list[FaultPoint] = []
        holding = Gauge(HOLDING, "1 while held at a fault point.", registry=registry)
        holding.set_function(lambda: float(any(point.holding for point in self._points)))

    def watch(self, *points: FaultPoint) -> None:
        """Show when the process holds at one of these fault points."""
        self._points += points

    def recorded(self, attempt: DeliveryAttempt, notification: Notification, now: datetime) -> None:
        """A record of a delivery is stored."""
        if attempt.outcome == "intent":
            if attempt.repeated:
                self._repeats.labels(attempt.channel).inc()
            return
        self._outcomes.labels(attempt.channel, attempt.outcome).inc()
        if attempt.outcome in _SENT:
            delay_s = (now - notification.at).total_seconds()
            self._delay_s.labels(attempt.channel).observe(max(delay_s, 0.0))

    def bounced(self, channel: str) -> None:
        """What was accepted did not arrive."""
        self._bounced.labels(channel).inc()

    def stands(self, board: Board, now: datetime) -> None:
        """What is open by now."""
        self._open.set(board.open)
        for name, gate in board.gates().items():
            self._in_flight.labels(name).set(gate.in_flight)
            self._resting.labels(name).set(gate.breaker.is_open(now))
            self._delay_s.labels(name)  # at 0, so that the first message is seen by `rate()`

    def buried(self) -> None:
        """A record was no notification."""
        self._buried.inc()

    def waited(self) -> None:
        """Kafka did not answer, and is asked again."""
        self._retries.inc()
