"""How much a notifier does at once, and how long it waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sinks.notify.breaker import Resting
from sinks.notify.delivery import Retrying


@dataclass(frozen=True, slots=True)
class NotifyLimits:
    """How much is done at once, and how long is waited."""

    most_per_s: Mapping[str, float]
    """Messages by channel, of all channels of the plant."""
    site: str | None = None
    """Whose notifications are delivered; None is every site's."""
    batch_records: int = 200
    most_open: int = 20_000
    """Deliveries; while there are so many, nothing more is read."""
    retrying: Retrying = field(default_factory=Retrying)
    resting: Resting = field(default_factory=Resting)
    ask_after_s: float = 2.0
    """Whoever has not heard of the group for so long may have been given up by it, and asks."""
    retry_first_s: float = 0.2
    retry_most_s: float = 1.0
    """Pauses while Kafka is away; once it is back, people are told this soon."""
