"""The simulated plant's OPC UA server: the nodes that the plant file names, with source times."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.server import internal_server
from asyncua.server.server import Server
from asyncua.ua import uaprotocol_auto
from asyncua.ua.status_codes import StatusCodes

from ingest.inputs.opcua.addresses import Address, parse
from ingest.inputs.opcua.certificates import OwnCertificate, own_certificate
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError
from plantstream.simulator.machine import Signal
from plantstream.simulator.signals import STATE, Point

APPLICATION_URI = "urn:plantstream:simulator"
PATH = "plantstream/simulator"
HOST = "127.0.0.1"

# asyncua's annotations want its own number and time types, which are plain ones at run time.
_status: Callable[..., ua.StatusCode] = ua.StatusCode
_data_value: Callable[..., ua.DataValue] = ua.DataValue
_NO_COMMUNICATION = _status(StatusCodes.BadNoCommunication)
_SHORT = 65_535
_SECURE = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
_OPEN = [ua.SecurityPolicyType.NoSecurity]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tag shows from now on; None cannot be read."""

    equipment: str
    point: Point
    value: Signal | None


class _OurTime(datetime):
    """asyncua reads the system's clock itself; a plant that lives on another day must not."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        """Our wall clock."""
        return clock.now().astimezone(tz)


class PlantServer:
    """Serves tags on a loopback port; nobody can write to them."""

    def __init__(self, port: int, directory: Path, *, secure: bool = True) -> None:
        self.endpoint = f"opc.tcp://{HOST}:{port}/{PATH}"
        self.certificate = OwnCertificate(directory / "server.der", directory / "server.pem")
        self.secure = secure
        self._server = Server()
        self._nodes: dict[tuple[str, str], ua.NodeId] = {}
        self._types: dict[tuple[str, str], ua.VariantType] = {}
        self._last: dict[tuple[str, str], Signal | None] = {}
        self._listening = False

    async def start(self, shown: Iterable[Shown], at: datetime) -> None:
        """Make the certificate if there is none, make the nodes, and listen.

        Raises:
            MisconfiguredError: a tag has no address, or the port is taken.
        """
        if clock.is_shifted():
            for module in (internal_server, uaprotocol_auto):
                vars(module)["datetime"] = _OurTime
        server = self._server
        await server.init()
        server.set_server_name("plantstream simulator")
        server.set_endpoint(self.endpoint)
        await server.set_application_uri(APPLICATION_URI)
        server.set_security_policy(_SECURE if self.secure else _OPEN)
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        if self.secure:
            own_certificate(self.certificate, APPLICATION_URI, "plantstream simulator")
            await server.load_certificate(self.certificate.certificate)
            await server.load_private_key(self.certificate.private_key)
        for one in shown:
            await self._add(one, at)
        try:
            await server.start()
        except OSError as error:
            raise MisconfiguredError(
                f"the simulator cannot listen at {self.endpoint}: {error}; choose another port"
            ) from None
        self._listening = True

    async def show(self, shown: Iterable[Shown], at: datetime) -> None:
        """Write what is another value than before; all of it goes out together."""
        for one in shown:
            key = (one.equipment, one.point.tag.name)
            if self._last[key] == one.value:
                continue
            self._last[key] = one.value
            await self._server.write_attribute_value(self._nodes[key], self._data(key, one, at))

    @property
    def watched(self) -> int:
        """How many tags clients have subscribed to."""
        service = self._server.iserver.subscription_service
        nodes = set(self._nodes.values())
        return sum(
            item.read_value_id is not None and item.read_value_id.NodeId in nodes
            for one in service.subscriptions.values()
            for item in one.monitored_item_srv._monitored_items.values()  # noqa: SLF001
        )

    @property
    def tags(self) -> int:
        """How many tags there are."""
        return len(self._nodes)

    async def close(self) -> None:
        """Stop listening, if it does."""
        if self._listening:
            self._listening = False
            await self._server.stop()

    async def _add(self, one: Shown, at: datetime) -> None:
        key = (one.equipment, one.point.tag.name)
        address = _address(one)
        namespace = await self._server.register_namespace(str(address.namespace))
        node_id = address.node_id([*await self._server.get_namespace_array()])
        if node_id is None:
            raise AssertionError(f"namespace {namespace} was just registered")
        self._types[key] = _type(one)
        empty = ua.Variant(_EMPTY[self._types[key]], self._types[key])
        name = address.text.rpartition("=")[2]
        node = await self._server.nodes.objects.add_variable(node_id, name, empty)
        self._nodes[key], self._last[key] = node.nodeid, one.value
        await self._server.write_attribute_value(node.nodeid, self._data(key, one, at))

    def _data(self, key: tuple[str, str], one: Shown, at: datetime) -> ua.DataValue:
        if one.value is None:
            return _data_value(StatusCode=_NO_COMMUNICATION, SourceTimestamp=at)
        variant = ua.Variant(one.value, self._types[key])
        return _data_value(Value=variant, SourceTimestamp=at, ServerTimestamp=at)


_EMPTY: Mapping[ua.VariantType, Any] = {
    ua.VariantType.Int32: 0,
    ua.VariantType.UInt16: 0,
    ua.VariantType.UInt32: 0,
    ua.VariantType.Double: 0.0,
    ua.VariantType.String: "",
}


def _address(one: Shown) -> Address:
    try:
        address = parse(one.point.tag.node or "")
    except ValueError as error:
        raise MisconfiguredError(
            f"tag {one.point.tag.name} of {one.equipment}: node {error}"
        ) from None
    if isinstance(address.namespace, int):
        raise MisconfiguredError(
            f"tag {one.point.tag.name} of {one.equipment}: the simulator needs nsu=<namespace URI>"
        )
    return address


def _type(one: Shown) -> ua.VariantType:
    if one.point.signal == STATE:
        return ua.VariantType.Int32
    match one.value:
        case str():
            return ua.VariantType.String
        case float():
            return ua.VariantType.Double
        case _ if (one.point.tag.means or "").endswith("_count"):
            short = (one.point.tag.rollover or _SHORT + 1) <= _SHORT
            return ua.VariantType.UInt16 if short else ua.VariantType.UInt32
        case _:
            return ua.VariantType.Int32
