"""The trust list: a directory of certificates of servers, and of issuers, that are believed."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from ingest.inputs.opcua.certificates import der, fingerprint, parse_certificate
from plantstream.runtime.errors import MisconfiguredError

DEFAULT_DIRECTORY = Path("~/.plantstream/opcua/trusted")
SHORTEST_PREFIX = 8
"""Digits of a fingerprint that name a certificate."""

_DIRECTORY = 0o700
_SUFFIXES = frozenset({".der", ".pem", ".crt", ".cer"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A trusted certificate and its file."""

    file: Path
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return fingerprint(der(self.certificate))

    @property
    def subject(self) -> str:
        """Whose it is (RFC 4514)."""
        return self.certificate.subject.rfc4514_string()

    @property
    def expires(self) -> datetime:
        """Until when it is valid."""
        return self.certificate.not_valid_after_utc

    @property
    def is_issuer(self) -> bool:
        """Whether it trusts what it signed."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        except x509.ExtensionNotFound:
            return False
        return found.value.ca


def trusted_in(directory: Path) -> list[Entry]:
    """The certificates in this directory; none if there is no such directory.

    Raises:
        MisconfiguredError: a file cannot be read, or holds no certificate.
    """
    folder = directory.expanduser()
    if not folder.exists():
        return []
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix in _SUFFIXES)
        return [Entry(file, _certificate(file, file.read_bytes())) for file in files]
    except OSError as error:
        raise MisconfiguredError(
            f"cannot read the trust list: {error}; correct the rights of {folder}"
        ) from None


def add(directory: Path, certificate: x509.Certificate) -> Entry:
    """Trust this certificate from now on.

    Raises:
        MisconfiguredError: the directory cannot be written.
    """
    folder = directory.expanduser()
    content = der(certificate)
    file = folder / f"{fingerprint(content)}.der"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY)
        fresh = file.with_suffix(".new")
        fresh.write_bytes(content)
        fresh.replace(file)
    except OSError as error:
        raise MisconfiguredError(
            f"cannot write the trust list: {error}; make {folder} writable or name another "
            "directory with --directory and `trust_list`"
        ) from None
    return Entry(file, certificate)


def remove(directory: Path, prefix: str) -> Entry:
    """Trust the certificate no longer whose SHA-256 begins so.

    Raises:
        MisconfiguredError: none, or more than one, begins so.
    """
    wanted = prefix.lower().replace(":", "")
    entries = trusted_in(directory)
    found = [one for one in entries if one.fingerprint.startswith(wanted)]
    if len(wanted) < SHORTEST_PREFIX or len(found) != 1:
        raise MisconfiguredError(
            f"{len(found)} trusted certificates have a SHA-256 that begins with {prefix}: give at "
            f"least {SHORTEST_PREFIX} digits of one that `plantstream trust list` shows"
        )
    try:
        found[0].file.unlink()
    except OSError as error:
        raise MisconfiguredError(f"cannot remove it from the trust list: {error}") from None
    return found[0]


def _certificate(file: Path, content: bytes) -> x509.Certificate:
    try:
        return parse_certificate(content)
    except ValueError:
        raise MisconfiguredError(
            f"{file} in the trust list holds no certificate (PEM or DER): remove it"
        ) from None
