"""asyncua's client, set up for our loop, which never says a password in clear unasked."""

import logging

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyNone
from cryptography import x509

from ingest.inputs.opcua.trust import UserCertificate
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import OpcUaSource

ANSWER_WITHIN_S = 5.0
"""A request without an answer for so long means that the connection is dead."""
SESSION_TIMEOUT_MS = 60_000
"""The server forgets a session that nobody has used for so long."""

_PROBE_EVERY_S = 10.0
_TELLS_REQUESTS = "asyncua.client.ua_client.UASocketProtocol"
"""The log in which asyncua prints each request at DEBUG, with the password in it."""


class GuardedClient(Client):
    """A client that does not reconnect by itself: that would hide what was missed."""

    def __init__(
        self,
        source: OpcUaSource,
        user: UserCertificate | None = None,
        password: str | None = None,
    ) -> None:
        told = logging.getLogger(_TELLS_REQUESTS)
        told.setLevel(max(told.getEffectiveLevel(), logging.INFO))
        super().__init__(
            source.endpoint,
            timeout=ANSWER_WITHIN_S,
            watchdog_intervall=_PROBE_EVERY_S,
            auto_reconnect=False,
        )
        self.session_timeout = SESSION_TIMEOUT_MS
        self.name = self.description = "plantstream"
        self._source = source
        if source.user is not None:
            self.set_user(source.user)
        if password is not None:
            self.set_password(password)
        if user is not None:
            self.user_certificate, self.user_private_key = user.certificate, user.private_key

    async def activate_session(
        self,
        username: str | None = None,
        password: str | None = None,
        certificate: x509.Certificate | None = None,
    ) -> ua.ActivateSessionResult:
        """Say who we are; the server has told by now how it wants to hear it.

        Raises:
            MisconfiguredError: the password would go in clear, and the plant file does not say so.
        """
        if password and self._speaks_clear() and not self._source.password_in_clear:
            raise MisconfiguredError(
                f"{self._source.endpoint} wants the password in clear: set mode SignAndEncrypt, "
                "have the server encrypt passwords, or write password_in_clear: true"
            )
        return await super().activate_session(username, password, certificate)

    def forsake(self) -> None:
        """Leave without a word: what the server keeps for this session, it keeps for a while."""
        self.uaclient.disconnect_socket()

    def _speaks_clear(self) -> bool:
        if self.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt:
            return False
        policy = self.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri
        return not policy or policy == SecurityPolicyNone.URI
