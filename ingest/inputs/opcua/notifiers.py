"""Asking a server to tell of alarms: monitored items on nodes that notify of events."""

from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from ingest.inputs.opcua.addresses import parse
from ingest.inputs.opcua.alarms import event_filter
from ingest.inputs.opcua.connection import Connection, RefusedError, answered
from ingest.inputs.opcua.subscription import Subscription
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import OpcUaSource

SERVER = "i=2253"
"""The Server object, which notifies of everything."""
QUEUE = 1_000
"""Events that the server keeps between two answers."""

_CONDITION_TYPE = ua.NodeId.from_string("i=2782")
_CONDITION_REFRESH = ua.NodeId.from_string("i=3875")


def notifiers_of(source: OpcUaSource) -> tuple[str, ...]:
    """The nodes that are asked.

    Raises:
        MisconfiguredError: one is no address.
    """
    if isinstance(source.alarms, bool):
        return (SERVER,) if source.alarms else ()
    for text in source.alarms:
        try:
            parse(text)
        except ValueError as error:
            raise MisconfiguredError(f"alarms of {source.endpoint}: {error}") from None
    return tuple(source.alarms)


async def listen(
    connection: Connection,
    subscription: Subscription,
    notifiers: Sequence[str],
    namespaces: Sequence[str],
    first_handle: int,
) -> list[str]:
    """Hear of events from now on, and of all alarms that are on. Gives the nodes that will not.

    Raises:
        UnavailableError: the connection is lost.
    """
    nodes = [parse(text).node_id(namespaces) for text in notifiers]
    absent = [text for text, node in zip(notifiers, nodes, strict=True) if node is None]
    # Each keeps its handle, whatever others are there: alarms are known by who says them.
    there = {at: node for at, node in enumerate(nodes) if node is not None}
    if not there:
        return absent
    items = [_item(first_handle + at, node) for at, node in there.items()]
    request = ua.CreateMonitoredItemsParameters(
        SubscriptionId=subscription.number,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ItemsToCreate=items,
    )
    creating = connection.session.create_monitored_items(request)
    results = await answered("it does not take the alarms", creating)
    refused = [
        notifiers[at]
        for at, one in zip(there, results, strict=True)
        if not one.StatusCode.is_good()
    ]
    await refresh(connection, subscription)
    return absent + refused


async def refresh(connection: Connection, subscription: Subscription) -> bool:
    """Have the server say all alarms again that it retains; False if it will not.

    Raises:
        UnavailableError: the connection is lost.
    """
    number = ua.Variant(subscription.number, ua.VariantType.UInt32)
    call = ua.CallMethodRequest(
        ObjectId=_CONDITION_TYPE, MethodId=_CONDITION_REFRESH, InputArguments=[number]
    )
    try:
        (done,) = await answered("it does not repeat alarms", connection.session.call([call]))
    except RefusedError:
        return False
    return bool(done.StatusCode.is_good())


def _item(handle: int, node: ua.NodeId) -> ua.MonitoredItemCreateRequest:
    return ua.MonitoredItemCreateRequest(
        ItemToMonitor=ua.ReadValueId(NodeId=node, AttributeId=AttributeIds.EventNotifier),
        MonitoringMode=ua.MonitoringMode.Reporting,
        RequestedParameters=ua.MonitoringParameters(
            ClientHandle=handle,
            SamplingInterval=0,
            Filter=event_filter(),
            QueueSize=QUEUE,
            DiscardOldest=True,
        ),
    )
