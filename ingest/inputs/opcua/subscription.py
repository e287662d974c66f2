"""Asking a server to tell what changes."""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.client import ANSWER_WITHIN_S
from ingest.inputs.opcua.connection import Connection, translated
from ingest.inputs.opcua.watch import Watch
from schemas.plant.sources import OpcUaSource

ITEMS_PER_REQUEST = 500
LIFETIME_S = 60.0
"""The server forgets a subscription of which nobody has asked for so long."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A tag that the server will not watch."""

    handle: int
    reason: str


def queue_size(source: OpcUaSource) -> int:
    """How many values the server keeps per tag: twice those between two answers."""
    return math.ceil(2 * source.publishing_ms / source.sampling_ms)


def keep_alive_count(source: OpcUaSource) -> int:
    """After so many publishing intervals without a change the server says that it is there."""
    return max(1, math.ceil(source.heartbeat_s * 1000 / source.publishing_ms))


def silence_limit_s(source: OpcUaSource) -> float:
    """A subscription that says nothing for so long is dead, whatever the connection says."""
    return 3 * keep_alive_count(source) * source.publishing_ms / 1000 + ANSWER_WITHIN_S


async def subscribe(
    connection: Connection,
    source: OpcUaSource,
    watched: Sequence[Watch],
    told: Callable[[ua.PublishResult], None],
) -> list[Refused]:
    """Begin to watch; `told` hears every answer from now on. Gives the tags that are not there.

    Raises:
        UnavailableError: the connection is lost.
    """
    namespaces = await connection.namespaces()
    nodes = {handle: watch.address.node_id(namespaces) for handle, watch in enumerate(watched)}
    refused = [
        Refused(handle, f"the server has no namespace {watched[handle].address.namespace}; {_TODO}")
        for handle, node in nodes.items()
        if node is None
    ]
    wanted = [_item(handle, node, source) for handle, node in nodes.items() if node is not None]
    with translated("it does not take the subscription"):
        async with asyncio.timeout(ANSWER_WITHIN_S):
            made = await connection.session.create_subscription(_parameters(source), told)
        for at in range(0, len(wanted), ITEMS_PER_REQUEST):
            part = wanted[at : at + ITEMS_PER_REQUEST]
            refused += await _watch(connection, made.SubscriptionId, part)
    return refused


_TODO = "correct `node` in the plant file, or the server"


def _parameters(source: OpcUaSource) -> ua.CreateSubscriptionParameters:
    count = keep_alive_count(source)
    lifetime = math.ceil(LIFETIME_S * 1000 / source.publishing_ms)
    return ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=source.publishing_ms,
        RequestedLifetimeCount=max(3 * count, lifetime),
        RequestedMaxKeepAliveCount=count,
        MaxNotificationsPerPublish=0,
        PublishingEnabled=True,
    )


def _item(handle: int, node: ua.NodeId, source: OpcUaSource) -> ua.MonitoredItemCreateRequest:
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=handle,
            SamplingInterval=source.sampling_ms,
            QueueSize=queue_size(source),
            DiscardOldest=True,
        ),
    )


async def _watch(
    connection: Connection, subscription: int, items: Sequence[ua.MonitoredItemCreateRequest]
) -> list[Refused]:
    request = ua.CreateMonitoredItemsParameters(
        SubscriptionId=subscription,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ItemsToCreate=list(items),
    )
    async with asyncio.timeout(ANSWER_WITHIN_S):
        results = await connection.session.create_monitored_items(request)
    return [
        Refused(item.RequestedParameters.ClientHandle, _reason(result.StatusCode))
        for item, result in zip(items, results, strict=True)
        if not result.StatusCode.is_good()
    ]


def _reason(status: ua.StatusCode) -> str:
    if status.value == StatusCodes.BadNodeIdUnknown:
        return f"the server has no such node; {_TODO}"
    return f"the server refuses it ({status.name}: {status.doc}); {_TODO}"
