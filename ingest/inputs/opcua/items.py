"""The monitored items of a subscription: one per tag, with its queue and its deadband."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.connection import Connection, Operation, answered
from ingest.inputs.opcua.deadband import filter_of
from ingest.inputs.opcua.subscription import UNSUPPORTED, Subscription, queue_size
from ingest.inputs.opcua.watch import Watch
from schemas.plant.sources import OpcUaSource

CORRECT = "correct `node` in the plant file, or the server"

_NO_FILTER = frozenset(
    {
        StatusCodes.BadFilterNotAllowed,
        StatusCodes.BadMonitoredItemFilterInvalid,
        StatusCodes.BadMonitoredItemFilterUnsupported,
        StatusCodes.BadDeadbandFilterInvalid,
    }
)
_NO_ITEM = UNSUPPORTED | {StatusCodes.BadTooManyMonitoredItems}

Handle = int
"""A tag's place in the sequence of watches."""


@dataclass(slots=True)
class Items:
    """What became of the tags at the server."""

    refused: dict[Handle, str] = field(default_factory=dict)
    """Tags that are not there, and why."""
    unfiltered: list[Handle] = field(default_factory=list)
    """Tags whose filter the server does not know: a deadband, or that it tells all updates."""
    unwatched: list[Handle] = field(default_factory=list)
    """Tags that the server lets us read, but not watch."""
    short: list[Handle] = field(default_factory=list)
    """Tags of which the server keeps fewer values than come between two answers."""
    kept_s: float = math.inf
    """For how long without us no value of any tag is dropped."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for: at which subscription, and how."""

    connection: Connection
    source: OpcUaSource
    subscription: Subscription
    watched: Sequence[Watch]


async def watch_nodes(asking: Asking, nodes: Mapping[Handle, ua.NodeId]) -> Items:
    """Watch these nodes.

    Raises:
        UnavailableError: the connection is lost.
    """
    items = Items()
    size = await asking.connection.limit(Operation.MONITOR)
    handles = list(nodes)
    for at in range(0, len(handles), size):
        part = {handle: nodes[handle] for handle in handles[at : at + size]}
        await _watch(asking, part, items)
    if items.unfiltered:
        plain = {handle: nodes[handle] for handle in items.unfiltered}
        for at in range(0, len(plain), size):
            part = dict(list(plain.items())[at : at + size])
            await _watch(asking, part, items, filtered=False)
    return items


async def _watch(
    asking: Asking, nodes: Mapping[Handle, ua.NodeId], items: Items, *, filtered: bool = True
) -> None:
    wanted = [_item(asking, handle, node, filtered) for handle, node in nodes.items()]
    request = ua.CreateMonitoredItemsParameters(
        SubscriptionId=asking.subscription.number,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ItemsToCreate=wanted,
    )
    creating = asking.connection.session.create_monitored_items(request)
    results = await answered("it does not take the tags", creating)
    for handle, result in zip(nodes, results, strict=True):
        _sort(asking, handle, result, items)


def _sort(
    asking: Asking, handle: Handle, result: ua.MonitoredItemCreateResult, items: Items
) -> None:
    code = result.StatusCode.value
    if result.StatusCode.is_good():
        asked_ms = asking.source.sampling_ms
        granted_ms = result.RevisedSamplingInterval or asked_ms
        kept_s = result.RevisedQueueSize * min(granted_ms, asked_ms) / 1000
        items.kept_s = min(items.kept_s, kept_s)
        if result.RevisedQueueSize * max(granted_ms, asked_ms) < asking.subscription.publishing_ms:
            items.short.append(handle)
    elif code in _NO_FILTER and _filtered(asking, handle) and handle not in items.unfiltered:
        items.unfiltered.append(handle)
    elif code in _NO_ITEM:
        items.unwatched.append(handle)
    else:
        items.refused[handle] = reason_of(result.StatusCode)


def _filtered(asking: Asking, handle: Handle) -> bool:
    return filter_of(asking.watched[handle], asking.source.report) is not None


def shortcomings(items: Items, watched: Sequence[Watch]) -> Mapping[str, Sequence[Handle]]:
    """What a server does not do, and for which tags."""
    return {
        "the server refuses deadbands: they are applied here": [
            one for one in items.unfiltered if watched[one].deadband
        ],
        "the server tells changes only, not all updates": [
            one for one in items.unfiltered if not watched[one].deadband
        ],
        "the server does not watch some tags: they are polled": items.unwatched,
        "the server keeps too few values: fast changes get lost": items.short,
    }


def reason_of(status: ua.StatusCode) -> str:
    """What a person is told of a node that the server refuses."""
    if status.value == StatusCodes.BadNodeIdUnknown:
        return f"the server has no such node; {CORRECT}"
    return f"the server refuses it ({status.name}: {status.doc}); {CORRECT}"


def _item(
    asking: Asking, handle: Handle, node: ua.NodeId, filtered: bool
) -> ua.MonitoredItemCreateRequest:
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.Value),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=handle,
            SamplingInterval=asking.source.sampling_ms,
            Filter=filter_of(asking.watched[handle], asking.source.report) if filtered else None,
            QueueSize=queue_size(asking.source, asking.subscription.publishing_ms),
            DiscardOldest=True,
        ),
    )
