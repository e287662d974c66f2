"""Certificates: our own, made where it is missing, and the one a server may show."""

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from asyncua.crypto import cert_gen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from plantstream.runtime.errors import MisconfiguredError

VALID_DAYS = 3650

_PRIVATE = 0o600
_DIRECTORY = 0o700
_PEM = b"-----BEGIN"
_LONG_SEQUENCE = b"\x30\x82"
"""A DER sequence whose length stands in the next two bytes, as every real certificate's does."""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """Files by which the other side knows an application, or a user."""

    certificate: Path
    """DER, or PEM where a person put it there."""
    private_key: Path
    """PEM, readable by its owner only."""


def own_certificate(files: OwnCertificate, application_uri: str, name: str) -> None:
    """Make both files unless both are there; the application's URI stands in the certificate.

    Raises:
        MisconfiguredError: only one of them is there, or the place cannot be written.
    """
    there = [one.is_file() for one in (files.certificate, files.private_key)]
    if all(there):
        return
    if any(there):
        present, absent = files.certificate, files.private_key
        if there[1]:
            present, absent = absent, present
        raise MisconfiguredError(
            f"{present} is there and {absent} is missing: bring it back, or remove {present} "
            "too and a new pair is made (the OPC UA server must then trust the new certificate)"
        )
    try:
        _make(files, application_uri, name)
    except OSError as error:
        raise MisconfiguredError(
            f"cannot write our OPC UA certificate: {error}; make the folder writable or name "
            "others under security: certificate, private_key"
        ) from None


def parse_certificate(content: bytes) -> x509.Certificate:
    """The first certificate in these bytes, PEM or DER.

    Raises:
        ValueError: there is none.
    """
    if content.lstrip().startswith(_PEM):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(first_of_chain(content))


def first_of_chain(content: bytes) -> bytes:
    """The first of the certificates (DER) that stand here one after another."""
    if content[:2] != _LONG_SEQUENCE:
        return content
    return content[: int.from_bytes(content[2:4]) + 4]


def read_certificate(file: Path, whose: str) -> x509.Certificate:
    """The certificate in this file, PEM or DER.

    Raises:
        MisconfiguredError: there is none.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MisconfiguredError(
            f"cannot read {whose} certificate: {error}; put it there or correct the plant file"
        ) from None
    try:
        return parse_certificate(content)
    except ValueError:
        raise MisconfiguredError(
            f"{file} holds no certificate (PEM or DER): put {whose} certificate there"
        ) from None


def check_pair(files: OwnCertificate) -> x509.Certificate:
    """See that the private key is the certificate's, and give the certificate.

    Raises:
        MisconfiguredError: it is not, or it cannot be read.
    """
    certificate = read_certificate(files.certificate, "our own")
    try:
        key = load_pem_private_key(files.private_key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise MisconfiguredError(
            f"{files.private_key} holds no private key in PEM without a password: {error}"
        ) from None
    if key.public_key() != certificate.public_key():
        raise MisconfiguredError(
            f"{files.private_key} is not the key of {files.certificate}: remove both and a new "
            "pair is made, or bring the right ones"
        )
    return certificate


def application_uri_of(certificate: x509.Certificate) -> str | None:
    """The application URI among the certificate's names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return None
    uris = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if uris else None


def der(certificate: x509.Certificate) -> bytes:
    """The certificate's bytes."""
    return certificate.public_bytes(Encoding.DER)


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate's bytes, as people compare it."""
    return hashlib.sha256(certificate).hexdigest()


def _make(files: OwnCertificate, application_uri: str, name: str) -> None:
    key = cert_gen.generate_private_key()
    certificate = cert_gen.generate_self_signed_app_certificate(
        key,
        name,
        {"organizationName": "plantstream"},
        [x509.UniformResourceIdentifier(application_uri), x509.DNSName(socket.gethostname())],
        extended=[ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH],
        days=VALID_DAYS,
    )
    for file in (files.certificate, files.private_key):
        file.parent.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY)
    _write_private(files.private_key, cert_gen.dump_private_key_as_pem(key))
    files.certificate.write_bytes(der(certificate))


def _write_private(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "wb") as opened:
        opened.write(content)
