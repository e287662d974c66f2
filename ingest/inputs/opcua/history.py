"""Asking a server's history for what was not seen in an outage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.connection import Connection, Operation, answered
from ingest.inputs.opcua.items import Handle

MOST_VALUES = 50_000
"""Of all tags together; the backlog holds twice as many."""
VALUES_PER_ANSWER = 1_000

_READABLE = 0x04
"""Bit of an AccessLevel: its history can be read."""
_NO_BOUND = frozenset({StatusCodes.BadBoundNotFound, StatusCodes.BadNoData})


@dataclass(slots=True)
class History:
    """What history tells; a tag of which it does not tell everything is not complete."""

    items: list[ua.MonitoredItemNotification] = field(default_factory=list)
    complete: set[Handle] = field(default_factory=set)


async def history_of(
    connection: Connection, nodes: Mapping[Handle, ua.NodeId], start: datetime, end: datetime
) -> History:
    """What these nodes were between two moments, of those that keep a history.

    Raises:
        UnavailableError: the connection is lost, or the server keeps no history.
    """
    history = History()
    handles = await _keeping(connection, nodes)
    size = await connection.limit(Operation.READ_HISTORY)
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=start,
        EndTime=end,
        NumValuesPerNode=VALUES_PER_ANSWER,
        ReturnBounds=False,
    )
    for at in range(0, len(handles), size):
        part: dict[Handle, bytes | None] = dict.fromkeys(handles[at : at + size])
        while part and len(history.items) < MOST_VALUES:
            part = await _read(connection, details, nodes, part, history)
    return history


async def _keeping(connection: Connection, nodes: Mapping[Handle, ua.NodeId]) -> list[Handle]:
    """Nodes that keep a history and let us read it."""
    wanted = list(nodes.values())
    access = await connection.read_all(wanted, AttributeIds.UserAccessLevel)
    keeps = await connection.read_all(wanted, AttributeIds.Historizing)
    return [
        handle
        for handle, level, kept in zip(nodes, access, keeps, strict=True)
        if _number(level) & _READABLE and _number(kept)
    ]


async def _read(
    connection: Connection,
    details: ua.ReadRawModifiedDetails,
    nodes: Mapping[Handle, ua.NodeId],
    part: Mapping[Handle, bytes | None],
    history: History,
) -> dict[Handle, bytes | None]:
    """Read on; gives the tags that have more, with where they go on."""
    wanted = [
        ua.HistoryReadValueId(NodeId=nodes[handle], ContinuationPoint=point)
        for handle, point in part.items()
    ]
    request = ua.HistoryReadParameters(
        HistoryReadDetails=details,
        TimestampsToReturn=ua.TimestampsToReturn.Both,
        ReleaseContinuationPoints=False,
        NodesToRead=wanted,
    )
    reading = connection.session.history_read(request)
    results = await answered("it does not tell its history", reading)
    more: dict[Handle, bytes | None] = {}
    for handle, result in zip(part, results, strict=True):
        history.items += [ua.MonitoredItemNotification(handle, value) for value in _values(result)]
        if result.ContinuationPoint:
            more[handle] = result.ContinuationPoint
        elif result.StatusCode.is_good() or result.StatusCode.value in _NO_BOUND:
            history.complete.add(handle)
    return more


def _values(result: ua.HistoryReadResult) -> Sequence[ua.DataValue]:
    if not isinstance(result.HistoryData, ua.HistoryData):
        return ()
    values = result.HistoryData.DataValues or ()
    return [
        one for one in values if one.StatusCode is None or one.StatusCode.value not in _NO_BOUND
    ]


def _number(value: ua.DataValue) -> int:
    found = value.Value.Value if value.Value else None
    return found if isinstance(found, int) else 0
