"""One connection to an OPC UA server. Whatever asyncua raises becomes one of our errors here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from enum import Enum
from typing import TypeVar

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509

from ingest.inputs.opcua.certificates import der
from ingest.inputs.opcua.client import ANSWER_WITHIN_S, GuardedClient
from ingest.inputs.opcua.discovery import endpoints_of
from ingest.inputs.opcua.trust import Access, Trust
from ingest.inputs.opcua.values import in_utc
from plantstream.runtime import clock
from plantstream.runtime.errors import MisconfiguredError, PlantstreamError, UnavailableError
from plantstream.runtime.secrets import place_of
from schemas.plant.sources import OpcUaSource

CONNECT_WITHIN_S = 15.0
CLOSE_WITHIN_S = 2.0
MOST_NODES = 500
"""Nodes in one request, where the server allows as many."""

_REFUSED_USER = frozenset(
    {
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadIdentityTokenRejected,
        StatusCodes.BadIdentityTokenInvalid,
    }
)
_REFUSED_CERTIFICATE = frozenset(
    {
        StatusCodes.BadSecurityChecksFailed,
        StatusCodes.BadCertificateUntrusted,
        StatusCodes.BadCertificateInvalid,
        StatusCodes.BadCertificateUriInvalid,
    }
)
# Nodes that the OPC UA standard numbers: StartTime and CurrentTime of Server_ServerStatus,
# Server_NamespaceArray.
_START_TIME = ua.NodeId.from_string("i=2257")
_CURRENT_TIME = ua.NodeId.from_string("i=2258")
_NAMESPACES = ua.NodeId.from_string("i=2255")
Answer = TypeVar("Answer")


class Operation(Enum):
    """A service, and the node that says how much of it the server does at once."""

    READ = "i=11705"
    READ_HISTORY = "i=12165"
    MONITOR = "i=11714"
    BROWSE = "i=11710"


class RefusedError(UnavailableError):
    """The server answers, and says no."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Connection:
    """A session with a server; its methods raise `UnavailableError` once it is lost."""

    def __init__(self, client: GuardedClient, certificate: x509.Certificate | None) -> None:
        self._client = client
        self.certificate = certificate
        """The server's, on a secured connection."""
        self.lost = asyncio.Event()
        client.connection_lost_callback = self._on_loss

    @property
    def session(self) -> UaSession:
        """For services; ask them through `answered`."""
        return self._client.uaclient.session

    async def namespaces(self) -> list[str]:
        """The server's namespaces; their numbers hold until it restarts."""
        (found,) = await self.read([_NAMESPACES])
        return list(found.Value.Value or ()) if found.Value else []

    async def current_time(self) -> datetime:
        """What the server's clock says."""
        (found,) = await self.read([_CURRENT_TIME])
        if found.Value is None or not isinstance(found.Value.Value, datetime):
            raise UnavailableError("it does not say what time it is")
        return in_utc(found.Value.Value)

    async def started_at(self) -> datetime | None:
        """When the server was started, by its own clock."""
        (found,) = await self.read([_START_TIME])
        told = found.Value.Value if found.Value else None
        return in_utc(told) if isinstance(told, datetime) else None

    async def read(
        self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
    ) -> list[ua.DataValue]:
        """The attribute of all these nodes, in one request."""
        wanted = [ua.ReadValueId(NodeId=node, AttributeId=attribute) for node in nodes]
        request = ua.ReadParameters(
            MaxAge=0, TimestampsToReturn=ua.TimestampsToReturn.Both, NodesToRead=wanted
        )
        found = await answered("it does not answer", self.session.read(request))
        if len(found) != len(nodes):
            raise UnavailableError(f"it answers {len(found)} of {len(nodes)} values")
        return found

    async def read_all(
        self, nodes: Sequence[ua.NodeId], attribute: AttributeIds = AttributeIds.Value
    ) -> list[ua.DataValue]:
        """The attribute of all these nodes, in as many requests as the server needs."""
        size = await self.limit(Operation.READ)
        found: list[ua.DataValue] = []
        for at in range(0, len(nodes), size):
            found += await self.read(nodes[at : at + size], attribute)
        return found

    async def limit(self, operation: Operation) -> int:
        """How many nodes one request may name."""
        (found,) = await self.read([ua.NodeId.from_string(operation.value)])
        told = found.Value.Value if found.Value else None
        return min(told, MOST_NODES) if isinstance(told, int) and told > 0 else MOST_NODES

    async def _on_loss(self, _: Exception) -> None:
        self.lost.set()


async def answered(doing: str, work: Awaitable[Answer]) -> Answer:
    """What the server answers in time.

    Raises:
        RefusedError: it says no.
        UnavailableError: it does not answer; asyncua raises nearly anything.
    """
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await work
    except PlantstreamError:
        raise
    except UaStatusCodeError as error:
        raise RefusedError(f"{doing}: {_said(error)}", error.code) from error
    except Exception as error:
        raise UnavailableError(f"{doing}: {_said(error)}") from error


@asynccontextmanager
async def connected(source: OpcUaSource, access: Access) -> AsyncIterator[Connection]:
    """A connection that is closed in the end.

    Raises:
        MisconfiguredError: the server is not trusted, or refuses our certificate, or the user,
            or the password cannot be read.
        UnavailableError: it does not answer now.
    """
    password = await asyncio.to_thread(access.password) if access.password else None
    client = GuardedClient(source, access.user, password)
    certificate = None
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            if access.trust is not None:
                certificate = await _accepted(source, access.trust)
                await _secure(client, access.trust, certificate)
            await client.connect()
    except PlantstreamError:
        raise
    except Exception as error:
        raise _explained(error, source, access.trust) from error
    try:
        yield Connection(client, certificate)
    except UnavailableError:
        # Without a farewell the server keeps the subscription, and we may find it again.
        client.forsake()
        raise
    finally:
        # A dead server must not hold us up; what is left of the connection ends with its socket.
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await client.disconnect()


async def _secure(client: GuardedClient, trust: Trust, server: x509.Certificate) -> None:
    client.application_uri = trust.application_uri
    await client.set_security(
        trust.policy,
        certificate=CertProperties(der(trust.own_certificate), extension="der"),
        private_key=CertProperties(trust.own.private_key, extension="pem"),
        server_certificate=CertProperties(der(server), extension="der"),
        mode=trust.mode,
    )


def _explained(error: Exception, source: OpcUaSource, trust: Trust | None) -> PlantstreamError:
    """What a failed connect means, and what to do."""
    code = error.code if isinstance(error, UaStatusCodeError) else None
    if code in _REFUSED_USER:
        who = source.user or source.user_certificate or "anonymous"
        return MisconfiguredError(
            f"{source.endpoint} refuses the user {who} ({_said(error)}): "
            f"correct {_identity_of(source)} of the source, or allow this one at the server"
        )
    if trust is not None and code in _REFUSED_CERTIFICATE:
        return MisconfiguredError(
            f"{source.endpoint} refuses our certificate {trust.own.certificate} "
            f"({_said(error)}): let the server trust it"
        )
    return UnavailableError(f"{source.endpoint} cannot be reached: {_said(error)}")


def _identity_of(source: OpcUaSource) -> str:
    """What of a source says who we are; never what a secret is."""
    return f"user and password ({place_of(source.password)})" if source.password else "the user"


async def _accepted(source: OpcUaSource, trust: Trust) -> x509.Certificate:
    """The certificate that the server offers, if it is to be believed.

    It is asked for without security, so the offer proves nothing. The proof is the connection that
    follows: only the owner of this certificate can answer it, and asyncua refuses a session that
    shows another one.
    """
    offered = await endpoints_of(source)
    fitting = [
        one
        for one in offered
        if one.SecurityPolicyUri == trust.policy.URI and one.SecurityMode == trust.mode
    ]
    if not fitting:
        modes = {f"{_policy_name(one)}/{one.SecurityMode.name}" for one in offered}
        raise MisconfiguredError(
            f"{source.endpoint} offers {', '.join(sorted(modes))} and not {trust.mode.name} with "
            "the policy of the plant file: correct policy and mode there, or enable it at the "
            "server"
        )
    return await asyncio.to_thread(trust.accept, fitting[0].ServerCertificate, clock.now())


def _policy_name(offered: ua.EndpointDescription) -> str:
    return str(offered.SecurityPolicyUri).rpartition("#")[2]


def _said(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
