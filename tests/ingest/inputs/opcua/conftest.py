"""A small OPC UA server that tests can stop, start again and write to."""

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager

from ingest.input import Alarm
from ingest.inputs.opcua.certificates import OwnCertificate, own_certificate
from ingest.inputs.opcua.input import OpcUaInput
from plantstream.runtime import clock
from schemas.plant.equipment import Equipment
from schemas.plant.sources import OpcUaSource, Security
from schemas.plant.tags import Tag

URI = "urn:test:plant"
SERVER_URI = "urn:test:server"
PATH = "e/s/a/l/one"
LIMIT_S = 20.0


_standard_nodes: dict[Any, Any] = {}
_node_id: Any = ua.NodeId
_data_value: Any = ua.DataValue


@pytest.fixture(autouse=True)
def _quick_address_space(monkeypatch):
    """Build the standard's 8,000 nodes once; servers of these tests run one after another."""
    build = InternalServer.load_standard_address_space

    async def load(self, shelf_file=None):
        if not _standard_nodes:
            await build(self, shelf_file)
            _standard_nodes.update(self.aspace._nodes)
        self.aspace._nodes = dict(_standard_nodes)

    monkeypatch.setattr(InternalServer, "load_standard_address_space", load)


class OneUser(UserManager):
    word = "secret"

    def get_user(self, iserver, username=None, password=None, certificate=None):
        del iserver, certificate
        known = (username, password) == ("edge", self.word)
        return User(role=UserRole.User) if known else None


class SmallServer:
    """Nodes `State` and `Good` of one equipment, behind Basic256Sha256 unless told otherwise."""

    def __init__(self, directory, port, *, secure=True, users=None, uris=(URI,)):
        self.endpoint = f"opc.tcp://127.0.0.1:{port}/test"
        self.files = OwnCertificate(directory / "server.der", directory / "server.pem")
        self._secure = secure
        self._users = users
        self._uris = uris
        self._server: Any = None

    async def start(self):
        server = Server(user_manager=self._users)
        await server.init()
        server.set_endpoint(self.endpoint)
        await server.set_application_uri(SERVER_URI)
        policy = ua.SecurityPolicyType
        secure = policy.Basic256Sha256_SignAndEncrypt
        server.set_security_policy([secure if self._secure else policy.NoSecurity])
        if self._users:
            server.set_identity_tokens([ua.UserNameIdentityToken, ua.X509IdentityToken])
        if self._secure:
            own_certificate(self.files, SERVER_URI, "test")
            await server.load_certificate(self.files.certificate)
            await server.load_private_key(self.files.private_key)
        for uri in self._uris:
            self._index = await server.register_namespace(uri)
        for name, kind in (("State", ua.VariantType.Int32), ("Good", ua.VariantType.UInt32)):
            node = _node_id(name, self._index)
            await server.nodes.objects.add_variable(node, name, ua.Variant(0, kind))
        self._server = server
        await self.write("State", 2)
        await self.write("Good", 100)
        await server.start()

    async def stop(self):
        if self._server is not None:
            await self._server.stop()
            self._server = None

    async def write(self, name, value, at=None, status=0):
        kind = ua.VariantType.Int32 if name == "State" else ua.VariantType.UInt32
        data = _data_value(
            Value=ua.Variant(value, kind),
            StatusCode=ua.StatusCode(status),
            SourceTimestamp=at or clock.now(),
        )
        await self._server.write_attribute_value(_node_id(name, self._index), data)


class Listener:
    """Collects what an input gives, and waits for a condition on it."""

    def __init__(self, one, position=None):
        self.seen = []
        self.position = position
        self._one = one
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def until(self, condition):
        """The observations, once the condition on them holds."""
        async with asyncio.timeout(LIMIT_S):
            while not condition(self.seen):
                if self.task.done():
                    await self.task
                self._news.clear()
                await asyncio.wait(
                    {self.task, asyncio.ensure_future(self._news.wait())},
                    return_when=asyncio.FIRST_COMPLETED,
                )
        return list(self.seen)

    async def _listen(self):
        async for chunk in self._one.chunks(self.position):
            speaks_of_alarms = any(isinstance(one, Alarm) for one in chunk.observations)
            assert (chunk.position is not None) == speaks_of_alarms
            self.position = chunk.position or self.position
            self.seen += chunk.observations
            self._news.set()

    async def close(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def source(tmp_path):
    """A source for a server, with what the test wants otherwise."""

    def build(server, **changed):
        own: dict[str, Any] = {
            "certificate": str(tmp_path / "client.der"),
            "private_key": str(tmp_path / "client.pem"),
        }
        if "trust_list" in changed:
            own["trust_list"] = str(changed.pop("trust_list"))
        else:
            own["server_certificate"] = str(changed.pop("pinned", server.files.certificate))
        fields: dict[str, Any] = {
            "endpoint": server.endpoint,
            "security": Security(**own),
            "sampling_ms": 20,
            "publishing_ms": 40,
            "heartbeat_s": 0.2,
        }
        return OpcUaSource(type="opcua", **(fields | changed))

    return build


@pytest.fixture
def equipment():
    """One equipment; its second list of tags has one that no server knows."""
    tags = [
        Tag(name="state", node=f"nsu={URI};s=State", means="state", running_above=5),
        Tag(name="good", node=f"nsu={URI};s=Good", means="good_count"),
    ]

    def build(*more):
        return [(PATH, Equipment(id="one", area="a", line="l", tags=[*tags, *more]))]

    return build


@pytest.fixture
def listening():
    """A listener to an input, closed in the end."""

    @asynccontextmanager
    async def listen(source, equipment, position=None, **options):
        listener = Listener(OpcUaInput("test", source, equipment, **options), position)
        try:
            yield listener
        finally:
            await listener.close()

    return listen


@pytest.fixture
def serving(tmp_path, port):
    """A running server."""

    @asynccontextmanager
    async def serve(**options):
        server = SmallServer(tmp_path, options.pop("port", port), **options)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    return serve


@pytest.fixture
def as_edge(source, kept):
    """A source whose user is edge, with this password."""

    def build(server, word, **changed):
        return source(server, user="edge", password=kept(word), **changed)

    return build


@pytest.fixture
def one_user():
    return OneUser()
