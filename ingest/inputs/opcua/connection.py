"""One connection to an OPC UA server. Whatever asyncua raises becomes one of our errors here."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_session import UaSession
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from ingest.inputs.opcua.trust import Trust
from plantstream.runtime.errors import MisconfiguredError, PlantstreamError, UnavailableError
from schemas.plant.sources import OpcUaSource

CONNECT_WITHIN_S = 15.0
ANSWER_WITHIN_S = 5.0
"""A request without an answer for so long means that the connection is dead."""
CLOSE_WITHIN_S = 2.0

SESSION_TIMEOUT_MS = 300_000
"""The server forgets a session that nobody has used for so long."""

_PROBE_EVERY_S = 10.0
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
# Nodes that the OPC UA standard numbers: Server_ServerStatus_CurrentTime, Server_NamespaceArray.
_CURRENT_TIME = ua.NodeId.from_string("i=2258")
_NAMESPACES = ua.NodeId.from_string("i=2255")


class Connection:
    """A session with a server; its methods raise `UnavailableError` once it is lost."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.lost = asyncio.Event()
        client.connection_lost_callback = self._on_loss

    @property
    def session(self) -> UaSession:
        """For the services of subscriptions; use it inside `translated`."""
        return self._client.uaclient.session

    async def namespaces(self) -> list[str]:
        """The server's namespaces; their numbers hold until it restarts."""
        found: list[str] = await self._read(_NAMESPACES)
        return found

    async def current_time(self) -> datetime:
        """What the server's clock says."""
        found: datetime = await self._read(_CURRENT_TIME)
        return found

    async def _read(self, node: ua.NodeId) -> Any:
        with translated("it does not answer"):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._client.get_node(node).read_value()

    async def _on_loss(self, _: Exception) -> None:
        self.lost.set()


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Every failure of asyncua as `UnavailableError`; it raises nearly anything."""
    try:
        yield
    except PlantstreamError:
        raise
    except Exception as error:
        raise UnavailableError(f"{doing}: {_said(error)}") from error


@asynccontextmanager
async def connected(source: OpcUaSource, trust: Trust | None) -> AsyncIterator[Connection]:
    """A connection that is closed in the end.

    Raises:
        MisconfiguredError: the server shows another certificate, or refuses ours, or the user.
        UnavailableError: it does not answer now.
    """
    client = _client(source)
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            if trust is not None:
                await _see_what_is_offered(source, trust)
                await _secure(client, trust)
            await client.connect()
    except PlantstreamError:
        raise
    except Exception as error:
        raise _explained(error, source, trust) from error
    try:
        yield Connection(client)
    finally:
        # A dead server must not hold us up; what is left of the connection ends with its socket.
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await client.disconnect()


def _client(source: OpcUaSource) -> Client:
    # The loop of the input reconnects: a transferred subscription would hide what was missed.
    client = Client(
        source.endpoint,
        timeout=ANSWER_WITHIN_S,
        watchdog_intervall=_PROBE_EVERY_S,
        auto_reconnect=False,
    )
    client.session_timeout = SESSION_TIMEOUT_MS
    client.name = client.description = "plantstream"
    if source.user is not None:
        client.set_user(source.user)
    if source.password is not None:
        client.set_password(source.password.get_secret_value())
    return client


async def _secure(client: Client, trust: Trust) -> None:
    client.application_uri = trust.application_uri
    client.certificate_validator = trust.validate
    await client.set_security(
        trust.policy,
        certificate=trust.own.certificate,
        private_key=trust.own.private_key,
        server_certificate=CertProperties(trust.server, extension="der"),
        mode=trust.mode,
    )


def _explained(error: Exception, source: OpcUaSource, trust: Trust | None) -> PlantstreamError:
    """What a failed connect means, and what to do."""
    code = error.code if isinstance(error, UaStatusCodeError) else None
    if code in _REFUSED_USER:
        return MisconfiguredError(
            f"{source.endpoint} refuses the user {source.user or 'anonymous'} ({_said(error)}): "
            "correct user and password of the source, or allow the user at the server"
        )
    if trust is not None and code in _REFUSED_CERTIFICATE:
        return MisconfiguredError(
            f"{source.endpoint} refuses our certificate {trust.own.certificate} "
            f"({_said(error)}): let the server trust it"
        )
    return UnavailableError(f"{source.endpoint} cannot be reached: {_said(error)}")


async def _see_what_is_offered(source: OpcUaSource, trust: Trust) -> None:
    """Ask without security, only to tell a person at once what will never do.

    A secured connection to the wrong server just hangs. Nothing said here is believed: the proof is
    the connection that follows, which only the owner of the pinned certificate can answer.
    """
    offered = await _client(source).connect_and_get_server_endpoints()
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
    reason = trust.mismatch(fitting[0].ServerCertificate)
    if reason is not None:
        raise MisconfiguredError(f"{source.endpoint} is not trusted: {reason}")


def _policy_name(offered: ua.EndpointDescription) -> str:
    return str(offered.SecurityPolicyUri).rpartition("#")[2]


def _said(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
