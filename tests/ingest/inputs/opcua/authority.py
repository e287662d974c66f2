"""Certificates as a plant's authority would issue them, good and bad ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from plantstream.runtime import clock

SERVER_URI = "urn:test:server"
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    def write(self, files):
        files.certificate.write_bytes(self.der)
        files.private_key.write_bytes(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )


@dataclass(frozen=True)
class Wanted:
    """What a certificate shall say."""

    name: str = "server"
    uri: str | None = SERVER_URI
    hosts: tuple[str, ...] = ("127.0.0.1",)
    begins: datetime = field(default_factory=lambda: clock.now() - timedelta(days=1))
    lasts: timedelta = YEAR
    ca: bool = False


def issue(wanted: Wanted, issuer: Pair | None = None) -> Pair:
    """A certificate by this issuer, or by itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted.name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wanted.begins)
        .not_valid_after(wanted.begins + wanted.lasts)
        .add_extension(x509.BasicConstraints(ca=wanted.ca, path_length=None), critical=True)
    )
    names = [] if wanted.uri is None else [x509.UniformResourceIdentifier(wanted.uri)]
    names += [_host(one) for one in wanted.hosts]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def authority(name: str = "authority", issuer: Pair | None = None, **fields) -> Pair:
    """An issuer of certificates."""
    return issue(Wanted(name=name, uri=None, hosts=(), ca=True, **fields), issuer)


def _host(host: str):
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
