"""Who trusts whom: our certificate, the server's, and the security policy's class."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlparse

from asyncua import ua
from asyncua.crypto import security_policies
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ingest.inputs.opcua import trust_list
from ingest.inputs.opcua.certificates import (
    OwnCertificate,
    application_uri_of,
    check_pair,
    der,
    fingerprint,
    own_certificate,
    read_certificate,
)
from ingest.inputs.opcua.verdict import Shown, objection, shown_by, untimely
from plantstream.runtime.errors import MisconfiguredError
from plantstream.runtime.secrets import read_secret
from schemas.plant.sources import OpcUaSource, Security

APPLICATION_URI = "urn:plantstream:ingest"
DEFAULT_DIRECTORY = Path("~/.plantstream/opcua")

_POLICIES: dict[str, type[security_policies.SecurityPolicy]] = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}


@dataclass(frozen=True, slots=True)
class Pinned:
    """The one certificate that a server may show, and its file."""

    certificate: x509.Certificate
    file: Path


@dataclass(frozen=True, slots=True)
class UserCertificate:
    """A user's certificate and key."""

    certificate: x509.Certificate
    private_key: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Trust:
    """What a secured connection needs."""

    policy: type[security_policies.SecurityPolicy]
    mode: ua.MessageSecurityMode
    own: OwnCertificate
    own_certificate: x509.Certificate
    application_uri: str
    endpoint: str
    pinned: Pinned | None
    directory: Path
    """The trust list, which is asked where no certificate is pinned."""

    def accept(self, offered: bytes | None, now: datetime) -> x509.Certificate:
        """The server's certificate, if it is to be believed.

        Raises:
            MisconfiguredError: it is not; with what to do.
        """
        try:
            shown = shown_by(offered or b"")
        except ValueError:
            raise MisconfiguredError(
                f"{self.endpoint} is not trusted: it shows no certificate; give the server one"
            ) from None
        reason = self._mismatch(shown, now) if self.pinned else self._objection(shown, now)
        if reason is not None:
            raise MisconfiguredError(f"{self.endpoint} is not trusted: {reason}")
        return shown.certificate

    def _mismatch(self, shown: Shown, now: datetime) -> str | None:
        if self.pinned is None or shown.certificate == self.pinned.certificate:
            return untimely(shown.certificate, now)
        return (
            f"its certificate is not the one in {self.pinned.file} (SHA-256 "
            f"{fingerprint(der(self.pinned.certificate))}): it shows the one with SHA-256 "
            f"{shown.fingerprint}; ask who runs the server, and only if the new one is right, put "
            "it into that file"
        )

    def _objection(self, shown: Shown, now: datetime) -> str | None:
        trusted = [one.certificate for one in trust_list.trusted_in(self.directory)]
        host = urlparse(self.endpoint).hostname or ""
        return objection(shown, trusted, self.endpoint, host, now)


def trust_of(source: OpcUaSource, name: str) -> Trust | None:
    """Read and make the files that the plant file names; None for a connection without security.

    Raises:
        MisconfiguredError: a file is missing or is not what it should be.
    """
    security = source.security
    if security.policy == "None":
        return None
    pinned = None
    if security.server_certificate is not None:
        file = Path(security.server_certificate).expanduser()
        pinned = Pinned(read_certificate(file, "the OPC UA server's"), file)
    own = _own_files(security, name)
    own_certificate(own, APPLICATION_URI, f"plantstream {name}")
    certificate = check_pair(own)
    uri = application_uri_of(certificate)
    if uri is None:
        raise MisconfiguredError(
            f"{own.certificate} names no application URI, which OPC UA servers ask for: "
            "remove it and its key, and a new pair is made, or bring one that has it"
        )
    return Trust(
        policy=_POLICIES[security.policy],
        mode=ua.MessageSecurityMode[security.mode],
        own=own,
        own_certificate=certificate,
        application_uri=uri,
        endpoint=source.endpoint,
        pinned=pinned,
        directory=Path(security.trust_list or trust_list.DEFAULT_DIRECTORY).expanduser(),
    )


def user_of(source: OpcUaSource) -> UserCertificate | None:
    """The certificate by which the server knows the user, if the plant file names one.

    Raises:
        MisconfiguredError: its files cannot be read, or are no pair.
    """
    if source.user_certificate is None or source.user_private_key is None:
        return None
    files = OwnCertificate(
        Path(source.user_certificate).expanduser(), Path(source.user_private_key).expanduser()
    )
    certificate = check_pair(files)
    key = load_pem_private_key(files.private_key.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise MisconfiguredError(f"{files.private_key} is no RSA key, which OPC UA users need")
    return UserCertificate(certificate, key)


def _own_files(security: Security, name: str) -> OwnCertificate:
    folder = DEFAULT_DIRECTORY / name
    return OwnCertificate(
        Path(security.certificate or folder / "client.der").expanduser(),
        Path(security.private_key or folder / "client.pem").expanduser(),
    )


@dataclass(frozen=True, slots=True)
class Access:
    """How we may come in: security, and who we are."""

    trust: Trust | None
    """None: without security."""
    user: UserCertificate | None = None
    password: Callable[[], str] | None = None
    """Reads the user's password, at each connection anew, so that a changed one is taken."""


def access_of(source: OpcUaSource, name: str) -> Access:
    """Read and make all files that the plant file names, but the password's.

    Raises:
        MisconfiguredError: a file is missing or is not what it should be.
    """
    password = None
    if source.password is not None:
        password = partial(read_secret, source.password, f"password of source {name}")
    return Access(trust_of(source, name), user_of(source), password)
