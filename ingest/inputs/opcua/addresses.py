"""Addresses of nodes as the plant file writes them: `nsu=urn:ninu:plant;s=reactor-a.State`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncua import ua

FORM = "nsu=<namespace URI>;s=<name> (or i=<number>, g=<GUID>)"

_node_id: Callable[..., ua.NodeId] = ua.NodeId
_ADDRESS = re.compile(r"(?:nsu=(?P<uri>[^;]+);|ns=(?P<index>\d+);)?(?P<kind>[sig])=(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Address:
    """A node, with its namespace by URI (as it should be), by index, or 0."""

    text: str
    namespace: str | int
    identifier: str | int | UUID

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


def _identifier(kind: str, name: str, text: str) -> str | int | UUID:
    try:
        match kind:
            case "i":
                return int(name)
            case "g":
                return UUID(name)
            case _:
                return name
    except ValueError:
        raise ValueError(f"{text!r} is no node address; write {FORM}") from None
