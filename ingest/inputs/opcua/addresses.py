"""Addresses of nodes as the plant file writes them: `nsu=urn:ninu:plant;s=reactor-a.State`."""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncua import ua

FORM = "nsu=<namespace URI>;s=<name> (or i=<number>, g=<GUID>, b=<base64>)"

_node_id: Callable[..., ua.NodeId] = ua.NodeId
_ADDRESS = re.compile(r"(?:nsu=(?P<uri>[^;]+);|ns=(?P<index>\d+);)?(?P<kind>[sigb])=(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Address:
    """A node, with its namespace by URI (as it should be), by index, or 0."""

    text: str
    namespace: str | int
    identifier: str | int | UUID | bytes

    def node_id(self, namespaces: Sequence[str]) -> ua.NodeId | None:
        """The node at a server with these namespaces, or None if it lacks ours.

        A server may number its namespaces anew at every start, so ask again after each connect.
        """
        if isinstance(self.namespace, int):
            return _node_id(self.identifier, self.namespace)
        if self.namespace not in namespaces:
            return None
        return _node_id(self.identifier, namespaces.index(self.namespace))


def parse(text: str) -> Address:
    """The address in this text.

    Raises:
        ValueError: it is none.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no node address; write {FORM}")
    namespace = found["uri"] or int(found["index"] or 0)
    return Address(text, namespace, _identifier(found["kind"], found["name"], text))


def _identifier(kind: str, name: str, text: str) -> str | int | UUID | bytes:
    try:
        match kind:
            case "i":
                return int(name)
            case "g":
                return UUID(name)
            case "b":
                return base64.b64decode(name, validate=True)
            case _:
                return name
    except ValueError:
        raise ValueError(f"{text!r} is no node address; write {FORM}") from None


def text_of(node: ua.NodeId, namespaces: Sequence[str]) -> str:
    """The address of a node of a server with these namespaces, as the plant file writes it."""
    index, name = int(node.NamespaceIndex), _name_of(node.Identifier)
    if index == 0:
        return name
    if index < len(namespaces):
        return f"nsu={namespaces[index]};{name}"
    return f"ns={index};{name}"


def _name_of(identifier: object) -> str:
    match identifier:
        case bytes():
            return f"b={base64.b64encode(identifier).decode()}"
        case UUID():
            return f"g={identifier}"
        case int():
            return f"i={identifier}"
        case _:
            return f"s={identifier}"
