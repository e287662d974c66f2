"""An OPC UA server that shows a recording: a node per tag, and one with the recording's time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from ingest.input import GOOD, Value
from plantstream.runtime.errors import MisconfiguredError

HOST = "127.0.0.1"
NAMESPACE = "urn:plantstream:recording"
HEARTBEAT = "~time"
"""The node that carries the recording's time; no tag can have this name."""
WAITING = int(StatusCodes.BadWaitingForInitialData)
"""Status of every node before the first value."""

_LARGEST = 2**63
_FIRST_BELIEVED_YEAR = 2000
# asyncua's annotations want its own number and time types, which are plain ones at run time.
_status: Callable[..., ua.StatusCode] = ua.StatusCode
_node_id: Callable[..., ua.NodeId] = ua.NodeId
_GOOD = _status(StatusCodes.Good)
_ANY_TYPE = ua.NodeId.from_string("i=24")
"""BaseDataType of the standard."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a node shows from this moment of the recording on."""

    node: str
    value: Value | datetime
    quality: int
    at: datetime


class _Fixed(ua.DataValue):
    """A value that is made anew for every write: nobody needs a copy, which costs more than all."""

    def __deepcopy__(self, _: dict[int, Any]) -> "_Fixed":
        return self


class _Node:
    """A node's value beside its address space: a recording may show numbers and texts by turns."""

    def __init__(self, node_id: ua.NodeId) -> None:
        self.id = node_id
        self.value = _data_value(StatusCode=_status(WAITING))

    def read(self, *_: object) -> ua.DataValue:
        return self.value

    def keep(self, *_: object) -> Any:
        """The value is kept before it is written."""


_data_value: Callable[..., ua.DataValue] = _Fixed


class PlaybackServer:
    """Serves on loopback, without security, on a port that the system chooses."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._names = tuple(nodes)
        self._server = Server()
        self._nodes: dict[str, _Node] = {}
        self._listening = False

    @staticmethod
    def address(node: str) -> str:
        """Where a plant file finds the node."""
        return f"nsu={NAMESPACE};s={node}"

    @property
    def endpoint(self) -> str:
        """Where it listens, once it has started."""
        return f"opc.tcp://{HOST}:{self._server.bserver.port}/recording"  # type: ignore[union-attr]

    async def start(self) -> None:
        """Make the nodes, and listen."""
        server = self._server
        await server.init()
        server.set_server_name("plantstream recording")
        server.set_endpoint(f"opc.tcp://{HOST}:0/recording")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        index = await server.register_namespace(NAMESPACE)
        for name in self._names:
            node = _Node(_node_id(name, index))
            await server.nodes.objects.add_variable(
                node.id, name, None, ua.VariantType.Null, _ANY_TYPE
            )
            server.set_attribute_value_callback(node.id, node.read)
            server.set_attribute_value_setter(node.id, node.keep)
            self._nodes[name] = node
        await server.start()
        self._listening = True

    async def show(self, shown: Shown) -> None:
        """Write a value; each one is told, also one that repeats the last at the same moment.

        Raises:
            MisconfiguredError: OPC UA cannot carry it.
        """
        node = self._nodes[shown.node]
        await self._write(node, _data(shown, node.value))

    async def show_everywhere(self, value: int, at: datetime) -> None:
        """Write the same value to all nodes, at a new moment."""
        await self.show_alike(self._names, value, at)

    async def show_alike(self, nodes: Iterable[str], value: float, at: datetime) -> None:
        """Write the same value to these nodes, at a new moment."""
        shared = _data(Shown("several nodes", value, GOOD, at), _data_value())
        for name in nodes:
            await self._write(self._nodes[name], shared)

    async def close(self) -> None:
        """Stop listening, if it does."""
        if self._listening:
            self._listening = False
            await self._server.stop()

    async def _write(self, node: _Node, data: ua.DataValue) -> None:
        node.value = data
        await self._server.write_attribute_value(node.id, data, AttributeIds.Value)


def _data(shown: Shown, before: ua.DataValue) -> ua.DataValue:
    if shown.at.year < _FIRST_BELIEVED_YEAR:
        raise MisconfiguredError(
            f"the recording's time {shown.at.isoformat()} is before {_FIRST_BELIEVED_YEAR}, which "
            "OPC UA clients take for a server without a clock: use --through edge"
        )
    # What shares a moment is told apart by 10 ps each: else it would be no news to a client.
    again = before.SourceTimestamp == shown.at
    return _data_value(
        Value=_variant(shown),
        StatusCode=_GOOD if not shown.quality else _status(shown.quality),
        SourceTimestamp=shown.at,
        SourcePicoseconds=(before.SourcePicoseconds or 0) + 1 if again else None,
    )


def _variant(shown: Shown) -> ua.Variant:
    match shown.value:
        case None:
            return ua.Variant(None, ua.VariantType.Null)
        case bool():
            return ua.Variant(shown.value, ua.VariantType.Boolean)
        case int():
            if not -_LARGEST <= shown.value < _LARGEST:
                raise MisconfiguredError(
                    f"{shown.node} is {shown.value} at {shown.at.isoformat()}, which does not fit "
                    "into an OPC UA number: use --through edge"
                )
            return ua.Variant(shown.value, ua.VariantType.Int64)
        case float():
            return ua.Variant(shown.value, ua.VariantType.Double)
        case datetime():
            return ua.Variant(shown.value, ua.VariantType.DateTime)
        case str():
            return ua.Variant(shown.value, ua.VariantType.String)
