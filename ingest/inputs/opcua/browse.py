"""The variables of a server: where they stand, what they are, and what they say now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from ingest.inputs.opcua.addresses import parse, text_of
from ingest.inputs.opcua.connection import Connection, Operation, answered
from ingest.inputs.opcua.values import UnsuitableError, quality_of, value_of
from plantstream.runtime.errors import MisconfiguredError

MOST_VARIABLES = 10_000
DEEPEST = 20
OBJECTS = "i=85"
"""The folder in which a server shows its objects."""

_SERVER = ua.NodeId.from_string("i=2253")
_HIERARCHICAL = ua.NodeId.from_string("i=33")
_HAS_PROPERTY = ua.NodeId.from_string("i=46")
_READ, _WRITE, _HISTORY = 0x01, 0x02, 0x04


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a server."""

    path: tuple[str, ...]
    """Names from the start of the search on; the last one is its own."""
    address: str
    data_type: str
    value: str
    unit: str
    access: str
    """`r` to read, `w` to write, `h` to read its history."""
    usable: bool
    """Whether it can be a tag: a single number, text or truth value."""


@dataclass(slots=True)
class _Found:
    path: tuple[str, ...]
    node: ua.NodeId
    unit_at: ua.NodeId | None = None


@dataclass(slots=True)
class _Search:
    """Where a search has been."""

    seen: set[ua.NodeId] = field(default_factory=set)
    found: dict[ua.NodeId, _Found] = field(default_factory=dict)


async def variables_of(connection: Connection, below: str = OBJECTS) -> list[Variable]:
    """The variables below a node, but for those of the Server object.

    Raises:
        MisconfiguredError: there is no such node.
        UnavailableError: the connection is lost.
    """
    namespaces = await connection.namespaces()
    try:
        start = parse(below).node_id(namespaces)
    except ValueError as error:
        raise MisconfiguredError(str(error)) from None
    if start is None:
        raise MisconfiguredError(f"the server has no namespace of {below}")
    search = _Search(seen={start, _SERVER})
    level = [_Found((), start)]
    size = await connection.limit(Operation.BROWSE)
    for _ in range(DEEPEST):
        if not level or len(search.found) >= MOST_VARIABLES:
            break
        below_it: list[_Found] = []
        for at in range(0, len(level), size):
            below_it += await _children(connection, level[at : at + size], search)
        level = below_it
    return await _described(connection, list(search.found.values())[:MOST_VARIABLES], namespaces)


async def _children(
    connection: Connection, parents: Sequence[_Found], search: _Search
) -> list[_Found]:
    wanted = [
        ua.BrowseDescription(
            NodeId=parent.node,
            BrowseDirection=ua.BrowseDirection.Forward,
            ReferenceTypeId=_HIERARCHICAL,
            IncludeSubtypes=True,
            NodeClassMask=ua.NodeClass.Object | ua.NodeClass.Variable,
            ResultMask=ua.BrowseResultMask.All,
        )
        for parent in parents
    ]
    request = ua.BrowseParameters(NodesToBrowse=wanted)
    results = await answered("it does not browse", connection.session.browse(request))
    found: list[_Found] = []
    for parent, result in zip(parents, results, strict=True):
        found += _sorted_in(parent, result.References or (), search)
        point = result.ContinuationPoint
        while point:
            further = ua.BrowseNextParameters(ContinuationPoints=[point])
            (more,) = await answered("it stops", connection.session.browse_next(further))
            found += _sorted_in(parent, more.References or (), search)
            point = more.ContinuationPoint
    return found


def _sorted_in(
    parent: _Found, references: Sequence[ua.ReferenceDescription], search: _Search
) -> Iterator[_Found]:
    for one in references:
        node = ua.NodeId(one.NodeId.Identifier, one.NodeId.NamespaceIndex)
        name = str(one.BrowseName.Name or "")
        if one.ReferenceTypeId == _HAS_PROPERTY:
            if name == "EngineeringUnits" and parent.node in search.found:
                search.found[parent.node].unit_at = node
            continue
        if node in search.seen:
            continue
        search.seen.add(node)
        child = _Found((*parent.path, name), node)
        if one.NodeClass == ua.NodeClass.Variable:
            search.found[node] = child
        yield child


async def _described(
    connection: Connection, found: Sequence[_Found], namespaces: Sequence[str]
) -> list[Variable]:
    nodes = [one.node for one in found]
    values = await connection.read_all(nodes)
    access = await connection.read_all(nodes, AttributeIds.UserAccessLevel)
    units_at = [one.unit_at for one in found if one.unit_at is not None]
    units = iter(await connection.read_all(units_at))
    return [
        _variable(one, value, level, next(units) if one.unit_at else None, namespaces)
        for one, value, level in zip(found, values, access, strict=True)
    ]


def _variable(
    found: _Found,
    value: ua.DataValue,
    level: ua.DataValue,
    unit: ua.DataValue | None,
    namespaces: Sequence[str],
) -> Variable:
    variant = value.Value
    kind = variant.VariantType.name if variant and variant.Value is not None else ""
    usable = True
    try:
        shown = value_of(value)
        text = "" if shown is None else str(shown)
    except UnsuitableError as error:
        text, usable = str(error), False
    if quality_of(value) and not text:
        text = f"({value.StatusCode.name if value.StatusCode else ''})"
    is_array = variant is not None and isinstance(variant.Value, list)
    return Variable(
        path=found.path,
        address=text_of(found.node, namespaces),
        data_type=f"{kind}[]" if is_array else kind,
        value=text,
        unit=_unit(unit),
        access=_access(level),
        usable=usable,
    )


def _unit(value: ua.DataValue | None) -> str:
    told = value.Value.Value if value is not None and value.Value else None
    return (told.DisplayName.Text or "") if isinstance(told, ua.EUInformation) else ""


def _access(level: ua.DataValue) -> str:
    told = level.Value.Value if level.Value else None
    bits = told if isinstance(told, int) else 0
    return "".join(
        word for word, bit in (("r", _READ), ("w", _WRITE), ("h", _HISTORY)) if bits & bit
    )
