"""A subscription: asking a server to tell what changes."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.client import ANSWER_WITHIN_S
from ingest.inputs.opcua.connection import Connection, RefusedError, answered
from schemas.plant.sources import OpcUaSource

LIFETIME_S = 60.0
"""The server forgets a subscription of which nobody has asked for so long."""
LONGEST_QUEUE = 10_000
"""Values per tag."""
ON_THE_WAY_S = 0.5
"""An answer may be late by so much."""
NUMBERS = 2**32 - 1
"""After so many answers their numbers begin again."""

UNSUPPORTED = frozenset(
    {StatusCodes.BadServiceUnsupported, StatusCodes.BadNotImplemented, StatusCodes.BadNotSupported}
)
"""Answers of servers that tell nothing by themselves."""

Told = Callable[[ua.PublishResult], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as the server granted it."""

    number: int
    publishing_ms: float
    keep_alive_count: int
    """After so many publishing intervals without a change the server says that it is there."""

    @property
    def silence_limit_s(self) -> float:
        """A subscription that says nothing for so long is dead, whatever the connection says."""
        return 3 * self.keep_alive_count * self.publishing_ms / 1000 + ANSWER_WITHIN_S

    @property
    def sign_of_life_s(self) -> float:
        """Within this time the server owes an answer, be it that nothing has changed."""
        return (self.keep_alive_count + 1) * self.publishing_ms / 1000 + ON_THE_WAY_S


def queue_size(source: OpcUaSource, publishing_ms: float) -> int:
    """How many values the server keeps per tag: for `buffer_s`, at least for two answers."""
    kept_ms = max(2 * publishing_ms, 1000 * source.buffer_s)
    return min(math.ceil(kept_ms / source.sampling_ms), LONGEST_QUEUE)


def keep_alive_count(source: OpcUaSource) -> int:
    """After how many publishing intervals the server is asked to say that it is there."""
    return max(1, math.ceil(source.heartbeat_s * 1000 / source.publishing_ms))


async def open_subscription(
    connection: Connection, source: OpcUaSource, told: Told
) -> Subscription | None:
    """A new subscription; `told` hears every answer. None if the server has no such thing.

    Raises:
        UnavailableError: the connection is lost.
    """
    count = keep_alive_count(source)
    lifetime = math.ceil(max(LIFETIME_S, source.buffer_s) * 1000 / source.publishing_ms)
    wanted = ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=source.publishing_ms,
        RequestedLifetimeCount=max(3 * count, lifetime),
        RequestedMaxKeepAliveCount=count,
        MaxNotificationsPerPublish=0,
        PublishingEnabled=True,
    )
    creating = connection.session.create_subscription(wanted, told)
    try:
        made = await answered("it does not take the subscription", creating)
    except RefusedError as error:
        if error.code in UNSUPPORTED:
            return None
        raise
    return Subscription(
        made.SubscriptionId, made.RevisedPublishingInterval, made.RevisedMaxKeepAliveCount
    )


async def take_over(
    connection: Connection, subscription: Subscription, last: int, told: Told
) -> bool:
    """Go on with the subscription of a connection that was lost, after its answer `last`.

    False if the server does not have it any more, or does not hand it over.

    Raises:
        UnavailableError: the connection is lost.
    """
    session = connection.session
    request = ua.TransferSubscriptionsParameters(
        SubscriptionIds=[subscription.number], SendInitialValues=False
    )
    moving = session.transfer_subscriptions(request)
    try:
        (moved,) = await answered("it does not hand over the subscription", moving)
    except RefusedError:
        return False
    if not moved.StatusCode.is_good():
        return False
    await _hear_again(connection, subscription, _after(last, moved.AvailableSequenceNumbers), told)
    # asyncua knows this only inside of its own Subscription, which has a queue that loses values.
    session._subscription_callbacks[subscription.number] = told  # noqa: SLF001
    session.ensure_publish_loop()
    return True


def turn_from(connection: Connection, subscription: Subscription) -> None:
    """Hear no more of a subscription that was taken over, should it speak after all."""
    connection.session._subscription_callbacks.pop(subscription.number, None)  # noqa: SLF001


async def end(connection: Connection, subscription: Subscription) -> None:
    """Have the server forget a subscription; not the only one, or it answers no others either.

    Raises:
        UnavailableError: the connection is lost.
    """
    ending = connection.session.delete_subscriptions([subscription.number])
    with suppress(RefusedError):
        await answered("it does not end the subscription", ending)


async def _hear_again(
    connection: Connection, subscription: Subscription, numbers: Sequence[int], told: Told
) -> None:
    """Answers that the server sent and we never got; a hole is left where it has none."""
    for number in numbers:
        asking = connection.session.republish(subscription.number, number)
        try:
            message = await answered("it does not say it again", asking)
        except RefusedError:
            continue
        told(ua.PublishResult(subscription.number, NotificationMessage=message))


def _after(last: int, numbers: Sequence[int] | None) -> list[int]:
    """The numbers after `last`, in the order in which they were given; they begin again at 1."""
    ahead = [((number - last) % NUMBERS, number) for number in numbers or ()]
    return [number for distance, number in sorted(ahead) if 0 < distance < NUMBERS // 2]
