"""What the notifier asks of the world. Kafka, providers and the tests' in-memory log answer it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from plantstream.runtime.ports import Assigned, Broker, Record, TopicPartition
from plantstream.runtime.reach import Reach
from plantstream.runtime.tracing import NO_TRACING, Tracing
from schemas.alerts import Notification
from sinks.notify.message import Sent


class Inbox(Protocol):
    """Notifications of the partitions that are ours, in order per partition."""

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Up to `limit` records, or news about what is ours.

        None come after a short wait, or at once where none are asked for.

        Records that follow an `Assigned` begin at the last committed offset, at the oldest one if
        there is none, or before it.

        Raises:
            UnavailableError: the broker does not answer now.
        """

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """All before these offsets is over, and recorded so: nothing of it is read again."""

    async def is_ours(self, partition: TopicPartition) -> bool:
        """Ask the group whether it still counts on us for this partition.

        Raises:
            UnavailableError: the broker does not answer now.
        """


class Past(Protocol):
    """What was recorded of deliveries before."""

    def read(self, partitions: Collection[int]) -> AsyncIterator[Record]:
        """Every record of these partitions of `plant.delivery.v1` that is there by now, in order.

        Raises:
            UnavailableError: the broker does not answer now.
        """


SendOne = Callable[[Notification, str, bool], Awaitable[Sent]]
"""Notification, channel, and whether it may have arrived before; raises as a channel does."""


@dataclass(frozen=True, slots=True)
class NotifyPorts:
    """Where notifications come from, what was done, who records it, and who sends."""

    inbox: Inbox
    past: Past
    broker: Broker
    send: SendOne
    reach: Reach = field(default_factory=Reach)
    tracing: Tracing = NO_TRACING


@dataclass(frozen=True, slots=True)
class NotifyTime:
    """The clock of the loop; a simulation brings its own."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    monotonic: Callable[[], float]
    """Seconds that never run backwards."""
