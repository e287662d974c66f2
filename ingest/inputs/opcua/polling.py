"""Asking for values again and again, where a server does not tell what changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.connection import Connection, Operation
from ingest.inputs.opcua.items import Handle, reason_of
from ingest.inputs.opcua.values import quality_of

_ABSENT = frozenset({StatusCodes.BadNodeIdUnknown, StatusCodes.BadNodeIdInvalid})


async def read_once(
    connection: Connection, nodes: Mapping[Handle, ua.NodeId]
) -> list[ua.MonitoredItemNotification]:
    """How these nodes are now.

    Raises:
        UnavailableError: the connection is lost.
    """
    values = await connection.read_all(list(nodes.values()))
    return [
        ua.MonitoredItemNotification(handle, value)
        for handle, value in zip(nodes, values, strict=True)
    ]


class Poller:
    """The nodes that are asked for, and what they said last."""

    def __init__(self, connection: Connection, nodes: Mapping[Handle, ua.NodeId]) -> None:
        self._connection = connection
        self._nodes = dict(nodes)
        self._last: dict[Handle, tuple[Any, int]] = {}
        self._size: int | None = None
        self.refused: dict[Handle, str] = {}
        """Nodes that are not there, and why; they are not asked for again."""

    async def changes(self) -> tuple[datetime, list[ua.MonitoredItemNotification]]:
        """The server's time, and what is another value or quality since it was asked last.

        Raises:
            UnavailableError: the connection is lost.
        """
        if self._size is None:
            self._size = await self._connection.limit(Operation.READ)
        asked = await self._connection.current_time()
        handles = list(self._nodes)
        found: list[ua.MonitoredItemNotification] = []
        for at in range(0, len(handles), self._size):
            part = handles[at : at + self._size]
            values = await self._connection.read([self._nodes[handle] for handle in part])
            for handle, value in zip(part, values, strict=True):
                if self._is_news(handle, value):
                    found.append(ua.MonitoredItemNotification(handle, value))
        return asked, found

    def _is_news(self, handle: Handle, value: ua.DataValue) -> bool:
        if quality_of(value) in _ABSENT and value.StatusCode is not None:
            self.refused[handle] = reason_of(value.StatusCode)
            del self._nodes[handle]
            return False
        content = value.Value.Value if value.Value else None
        now = (content, quality_of(value))
        if self._last.get(handle) == now:
            return False
        self._last[handle] = now
        return True
