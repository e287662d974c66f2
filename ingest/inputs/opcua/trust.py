"""Who trusts whom: our certificate, the server's pinned one, and the security policy's class."""

from dataclasses import dataclass
from pathlib import Path

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto import security_policies
from asyncua.ua.status_codes import StatusCodes
from cryptography import x509

from ingest.inputs.opcua.certificates import (
    OwnCertificate,
    application_uri_of,
    check_pair,
    der,
    fingerprint,
    own_certificate,
    read_certificate,
)
from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.sources import Security

APPLICATION_URI = "urn:plantstream:ingest"
DEFAULT_DIRECTORY = Path("~/.plantstream/opcua")

_POLICIES: dict[str, type[security_policies.SecurityPolicy]] = {
    "Basic256Sha256": security_policies.SecurityPolicyBasic256Sha256,
    "Aes128_Sha256_RsaOaep": security_policies.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256_Sha256_RsaPss": security_policies.SecurityPolicyAes256Sha256RsaPss,
}


@dataclass(frozen=True, slots=True)
class Trust:
    """What a secured connection needs."""

    policy: type[security_policies.SecurityPolicy]
    mode: ua.MessageSecurityMode
    own: OwnCertificate
    application_uri: str
    server: bytes
    """The one certificate (DER) that the server may show."""
    server_file: Path

    async def validate(
        self, shown: x509.Certificate, description: ua.ApplicationDescription
    ) -> None:
        """Refuse any certificate but the pinned one; asyncua calls it when a session begins."""
        del description
        if der(shown) != self.server:
            raise ServiceError(StatusCodes.BadCertificateUntrusted)

    def mismatch(self, shown: bytes | None) -> str | None:
        """What to tell a person if the server shows another certificate than the pinned one."""
        if shown == self.server:
            return None
        seen = f"the one with SHA-256 {fingerprint(shown)}" if shown else "none"
        return (
            f"its certificate is not the one in {self.server_file} (SHA-256 "
            f"{fingerprint(self.server)}): it shows {seen}; ask who runs the server, and only if "
            "the new one is right, put it into that file"
        )


def trust_of(security: Security, source: str) -> Trust | None:
    """Read and make the files that the plant file names; None for a connection without security.

    Raises:
        MisconfiguredError: a file is missing or is not what it should be.
    """
    if security.policy == "None" or security.server_certificate is None:
        return None
    server_file = Path(security.server_certificate).expanduser()
    server = der(read_certificate(server_file, "the OPC UA server's"))
    own = _own_files(security, source)
    own_certificate(own, APPLICATION_URI, f"plantstream {source}")
    check_pair(own)
    uri = application_uri_of(read_certificate(own.certificate, "our own"))
    if uri is None:
        raise MisconfiguredError(
            f"{own.certificate} names no application URI, which OPC UA servers ask for: "
            "remove it and its key, and a new pair is made, or bring one that has it"
        )
    mode = ua.MessageSecurityMode[security.mode]
    return Trust(_POLICIES[security.policy], mode, own, uri, server, server_file)


def _own_files(security: Security, source: str) -> OwnCertificate:
    folder = DEFAULT_DIRECTORY / source
    return OwnCertificate(
        Path(security.certificate or folder / "client.der").expanduser(),
        Path(security.private_key or folder / "client.pem").expanduser(),
    )
